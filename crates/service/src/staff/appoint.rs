//! Appointing and dismissing: facts, and beside them what somebody signs in with.

use std::fmt;

use yinuo_domain::{Command, PersonId, PlatformChange, Refusal, Role, Salt, StaffId, Timestamp};
use yinuo_ledger::{StaffRow, StaffWrite, Submission, Write};

use crate::gateway::read;
use crate::{ChangeError, Gateway, Unavailable};

/// How long an enrolment code is good: a day.
const CODE_MS: u64 = 24 * 3_600_000;
/// How many bytes an enrolment code has.
const CODE_LEN: usize = 10;

/// What a new member of staff shows once, to set up a second factor. Told to them by whoever appoints them.
#[derive(Clone, Eq, PartialEq)]
pub struct EnrolmentCode([u8; CODE_LEN]);

impl EnrolmentCode {
    /// The code behind what was typed; dashes, spaces and capitals do not matter.
    pub fn parse(typed: &str) -> Option<Self> {
        let digits: String = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
        if digits.len() != 2 * CODE_LEN || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        let mut bytes = [0; CODE_LEN];
        for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(bytes))
    }

    /// As it is told: five groups of four digits.
    pub fn text(&self) -> String {
        let groups =
            self.0.chunks(2).map(|pair| pair.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
        groups.collect::<Vec<_>>().join("-")
    }
}

impl fmt::Debug for EnrolmentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EnrolmentCode[secret]")
    }
}

/// Why nobody was appointed, dismissed or reset.
#[derive(Debug, thiserror::Error)]
pub enum StaffError {
    /// The platform did not change.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// Somebody who signs in for the first time needs an identity.
    #[error("say what the identity provider calls them")]
    IdentityMissing,
    /// Another member of staff has this identity.
    #[error("another member of staff has this identity")]
    IdentityTaken,
}

impl From<Unavailable> for StaffError {
    fn from(unavailable: Unavailable) -> Self {
        Self::Change(ChangeError::Unavailable(unavailable))
    }
}

/// One member of staff, as a list shows them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StaffLine {
    /// Who.
    pub staff: StaffId,
    /// What they may do.
    pub role: Role,
    /// Whether they have a second factor.
    pub enrolled: bool,
}

impl Gateway {
    /// Appoints somebody, or gives them another role. Whoever is given an identity gets a code with which they set a
    /// second factor up; what they signed in with before ends.
    pub async fn appoint_staff(
        &self,
        by: &StaffId,
        staff: &StaffId,
        role: Role,
        identity: Option<&PersonId>,
    ) -> Result<Option<EnrolmentCode>, StaffError> {
        let known = read(self.parts.ledger.reader().staff(staff))?;
        let (code, writes) = match (identity, known) {
            (Some(identity), _) => {
                let index = self.parts.vault.staff_index(identity);
                let other = read(self.parts.ledger.reader().staff_of(index))?;
                if other.is_some_and(|other| other.staff != *staff) {
                    return Err(StaffError::IdentityTaken);
                }
                let (code, row) = self.new_row(staff, index)?;
                (Some(code), vec![Write::Staff(StaffWrite::Put(row))])
            }
            (None, Some(_)) => (None, Vec::new()),
            (None, None) => return Err(StaffError::IdentityMissing),
        };
        self.change_staff(by, PlatformChange::AppointStaff { staff: staff.clone(), role }, writes).await?;
        Ok(code)
    }

    /// Dismisses somebody. Their sessions end with this, and what they signed in with is deleted.
    pub async fn dismiss_staff(&self, by: &StaffId, staff: &StaffId) -> Result<(), StaffError> {
        let remove = Write::Staff(StaffWrite::Remove(staff.clone()));
        self.change_staff(by, PlatformChange::DismissStaff(staff.clone()), vec![remove]).await
    }

    /// Takes somebody's second factor away and gives them a code to set up another one. Their sessions end with this.
    pub async fn reset_staff_factor(
        &self,
        by: &StaffId,
        staff: &StaffId,
    ) -> Result<EnrolmentCode, StaffError> {
        let known = read(self.parts.ledger.reader().staff(staff))?;
        let row = known.ok_or(ChangeError::Refused(Refusal::UnknownStaff))?;
        let (code, row) = self.new_row(staff, row.identity)?;
        let put = Write::Staff(StaffWrite::Put(row));
        self.change_staff(by, PlatformChange::ResetFactor(staff.clone()), vec![put]).await?;
        Ok(code)
    }

    /// Everybody who is appointed.
    pub fn staff(&self) -> Result<Vec<StaffLine>, Unavailable> {
        let reader = self.parts.ledger.reader();
        let line = |(staff, role): (&StaffId, &Role)| -> Result<StaffLine, Unavailable> {
            let row = read(reader.staff(staff))?;
            let enrolled = row.is_some_and(|row| row.totp.is_some());
            Ok(StaffLine { staff: staff.clone(), role: *role, enrolled })
        };
        self.platform().staff.iter().map(line).collect()
    }

    fn new_row(&self, staff: &StaffId, index: [u8; 16]) -> Result<(EnrolmentCode, StaffRow), Unavailable> {
        let (code, generation) = (EnrolmentCode(self.random()?), self.random()?);
        let until: Timestamp = self.now().after_ms(CODE_MS);
        let row = StaffRow::new(staff.clone(), index, generation, (self.code_key(&generation, &code), until));
        Ok((code, row))
    }

    /// What is kept of a code: of this appointment alone, and nothing that leads back to it.
    pub(super) fn code_key(&self, generation: &[u8; 16], code: &EnrolmentCode) -> [u8; 32] {
        self.parts.vault.commitment(generation, "yinuo/staff/code", &code.0).0
    }

    async fn change_staff(
        &self,
        by: &StaffId,
        change: PlatformChange,
        writes: Vec<Write>,
    ) -> Result<(), StaffError> {
        let command = Command::Platform { by: by.clone(), change };
        let submission = Submission { writes, ..Submission::new(command, Salt(self.random()?)) };
        Ok(self.changed(submission).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_it_is_told() {
        let code = EnrolmentCode([0, 1, 0x2a, 3, 4, 5, 6, 7, 8, 0xff]);
        assert_eq!(code.text(), "0001-2a03-0405-0607-08ff");
        for typed in ["0001-2a03-0405-0607-08ff", " 0001 2A03 0405 0607 08FF ", "00012a030405060708ff"] {
            assert_eq!(EnrolmentCode::parse(typed), Some(code.clone()), "{typed}");
        }
        for typed in
            ["", "0001", "0001-2a03-0405-0607-08fg", "0001-2a03-0405-0607-08ff-00", "+0012a030405060708ff"]
        {
            assert_eq!(EnrolmentCode::parse(typed), None, "{typed}");
        }
        assert_eq!(format!("{code:?}"), "EnrolmentCode[secret]");
    }
}
