//! The statements about staff. Their rows belong to the platform, as their appointments do.

use rusqlite::{Row, params};
use yinuo_domain::{StaffId, Timestamp};

use super::Rowset;
use super::sealed::{self, Cell};
use crate::backend::{Log, Rows as _};
use crate::{PasskeyRow, StaffRow, StaffWrite, StoreError, Written};

impl Rowset {
    pub(super) fn write_staff(&self, write: &StaffWrite) -> Result<Written, StoreError> {
        let grp = Log::Platform.grp();
        let changed = |rows: u64| if rows == 0 { Written::Missing } else { Written::Done };
        match write {
            StaffWrite::Put(row) => {
                let taken = match self.staff_of(row.identity) {
                    // Whoever it was is not believed; nor is it known that nobody has this identity.
                    Err(StoreError::Altered(_)) => return Ok(Written::Exists),
                    found => found?,
                };
                if taken.is_some_and(|other| other.staff != row.staff) {
                    return Ok(Written::Exists);
                }
                self.put_staff(row)?;
                self.remove_passkeys(&row.staff)?;
                Ok(Written::Done)
            }
            StaffWrite::Remove(staff) => {
                self.remove_passkeys(staff)?;
                self.run("DELETE FROM staff WHERE grp = $1 AND staff = $2", params![grp, staff.as_str()])?;
                Ok(Written::Done)
            }
            // There is one writer: nothing comes between reading and writing.
            StaffWrite::Attempt { staff, now } => {
                let Some(row) = self.known(staff)? else { return Ok(Written::Missing) };
                let Some((failed, locked_until)) = row.attempt(*now) else { return Ok(Written::Missing) };
                self.put_staff(&StaffRow { failed, locked_until, ..row }).map(changed)
            }
            StaffWrite::Enrol { staff, generation, totp, step, now } => {
                let fits = |row: &StaffRow| {
                    row.generation == *generation
                        && row.totp.is_none()
                        && row.code.is_some_and(|(_, until)| *now < until)
                };
                let Some(row) = self.known(staff)?.filter(fits) else { return Ok(Written::Missing) };
                let (code, totp, step) = (None, Some(totp.clone()), *step);
                let row = StaffRow { code, totp, step, failed: 0, locked_until: Timestamp(0), ..row };
                self.put_staff(&row).map(changed)
            }
            StaffWrite::Step { staff, generation, step } => {
                let fits = |row: &StaffRow| {
                    row.generation == *generation && row.totp.is_some() && row.step < *step
                };
                let Some(row) = self.known(staff)?.filter(fits) else { return Ok(Written::Missing) };
                let row = StaffRow { step: *step, failed: 0, locked_until: Timestamp(0), ..row };
                self.put_staff(&row).map(changed)
            }
            StaffWrite::Rewrap { staff, generation, from, totp } => {
                let fits =
                    |row: &StaffRow| row.generation == *generation && row.totp.as_ref() == Some(from);
                let Some(row) = self.known(staff)?.filter(fits) else { return Ok(Written::Missing) };
                self.put_staff(&StaffRow { totp: Some(totp.clone()), ..row }).map(changed)
            }
            StaffWrite::AddPasskey(row) => {
                let owner = self.known(&row.staff)?;
                if !owner.is_some_and(|owner| owner.generation == row.generation && owner.totp.is_some()) {
                    return Ok(Written::Missing);
                }
                let added = self.write_passkey(
                    "INSERT INTO staff_passkeys (grp, staff, id, generation, key, state, name, added_at, mac)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (grp, staff, id) DO NOTHING",
                    row,
                )?;
                Ok(if added == 0 { Written::Exists } else { Written::Done })
            }
            StaffWrite::UsePasskey { staff, generation, id, before, after } => {
                let theirs = |row: &StaffRow| row.generation == *generation;
                let Some(owner) = self.known(staff)?.filter(theirs) else { return Ok(Written::Missing) };
                let passkeys = match self.passkeys(staff) {
                    Err(StoreError::Altered(_)) => return Ok(Written::Missing),
                    passkeys => passkeys?,
                };
                let used = passkeys.into_iter().find(|passkey| {
                    passkey.id == *id && passkey.generation == *generation && passkey.state == *before
                });
                let Some(used) = used else { return Ok(Written::Missing) };
                self.write_passkey(
                    "INSERT INTO staff_passkeys (grp, staff, id, generation, key, state, name, added_at, mac)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                     ON CONFLICT (grp, staff, id) DO UPDATE SET state = excluded.state, mac = excluded.mac",
                    &PasskeyRow { state: after.clone(), ..used },
                )?;
                let row = StaffRow { failed: 0, locked_until: Timestamp(0), ..owner };
                self.put_staff(&row).map(changed)
            }
            StaffWrite::RemovePasskey { staff, generation, id } => self
                .run(
                    "DELETE FROM staff_passkeys WHERE grp = $1 AND staff = $2 AND id = $3 AND generation = $4",
                    params![grp, staff.as_str(), id, generation],
                )
                .map(changed),
        }
    }

    /// With what somebody signs in; nothing when the row was changed from outside.
    fn known(&self, staff: &StaffId) -> Result<Option<StaffRow>, StoreError> {
        match self.staff(staff) {
            Err(StoreError::Altered(_)) => Ok(None),
            found => found,
        }
    }

    fn put_staff(&self, row: &StaffRow) -> Result<u64, StoreError> {
        self.put(
            sealed::STAFF,
            "INSERT INTO staff (grp, staff, identity, generation, code, code_until, totp, step, failed, locked_until,
                 mac)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
             ON CONFLICT (grp, staff) DO UPDATE SET identity = excluded.identity,
                 generation = excluded.generation, code = excluded.code,
                 code_until = excluded.code_until, totp = excluded.totp, step = excluded.step,
                 failed = excluded.failed, locked_until = excluded.locked_until, mac = excluded.mac",
            &[
                Cell::Int(Log::Platform.grp()),
                Cell::text(row.staff.as_str()),
                Cell::blob(&row.identity),
                Cell::blob(&row.generation),
                row.code.as_ref().map_or(Cell::Null, |(code, _)| Cell::blob(code)),
                Cell::Int(row.code.map_or(0, |(_, until)| until.0.cast_signed())),
                row.totp.as_ref().map_or(Cell::Null, |totp| Cell::blob(totp)),
                Cell::Int(row.step.cast_signed()),
                Cell::Int(row.failed.into()),
                Cell::Int(row.locked_until.0.cast_signed()),
            ],
        )
    }

    fn write_passkey(&self, statement: &str, row: &PasskeyRow) -> Result<u64, StoreError> {
        self.put(
            sealed::PASSKEYS,
            statement,
            &[
                Cell::Int(Log::Platform.grp()),
                Cell::text(row.staff.as_str()),
                Cell::blob(&row.id),
                Cell::blob(&row.generation),
                Cell::blob(&row.key),
                Cell::blob(&row.state),
                Cell::text(&row.name),
                Cell::Int(row.added_at.0.cast_signed()),
            ],
        )
    }

    fn remove_passkeys(&self, staff: &StaffId) -> Result<u64, StoreError> {
        let of = params![Log::Platform.grp(), staff.as_str()];
        self.run("DELETE FROM staff_passkeys WHERE grp = $1 AND staff = $2", of)
    }
}

/// From a row of `staff_passkeys`.
pub(super) fn passkey_from(row: &Row<'_>) -> Result<PasskeyRow, StoreError> {
    let staff: String = row.get(1)?;
    Ok(PasskeyRow {
        staff: StaffId::parse(&staff).map_err(|_| StoreError::Damaged("the id of a member of staff"))?,
        id: row.get(2)?,
        generation: row.get(3)?,
        key: row.get(4)?,
        state: row.get(5)?,
        name: row.get(6)?,
        added_at: Timestamp(row.get::<_, i64>(7)?.cast_unsigned()),
    })
}

/// From a row of `staff`.
pub(super) fn staff_from(row: &Row<'_>) -> Result<StaffRow, StoreError> {
    let staff: String = row.get(1)?;
    let time = |column| row.get::<_, i64>(column).map(|at| Timestamp(at.cast_unsigned()));
    let until = time(5)?;
    Ok(StaffRow {
        staff: StaffId::parse(&staff).map_err(|_| StoreError::Damaged("the id of a member of staff"))?,
        identity: row.get(2)?,
        generation: row.get(3)?,
        code: row.get::<_, Option<[u8; 32]>>(4)?.map(|code| (code, until)),
        totp: row.get(6)?,
        step: row.get::<_, i64>(7)?.cast_unsigned(),
        failed: row.get(8)?,
        locked_until: time(9)?,
    })
}
