//! The statements about staff. Their rows belong to the platform, as their appointments do.

use rusqlite::{Row, params};
use yinuo_domain::{StaffId, Timestamp};

use super::Rowset;
use crate::backend::{Log, Rows as _};
use crate::{PasskeyRow, StaffRow, StaffWrite, StoreError, Written};

impl Rowset {
    pub(super) fn write_staff(&self, write: &StaffWrite) -> Result<Written, StoreError> {
        let grp = Log::Platform.grp();
        let changed = |rows: u64| if rows == 0 { Written::Missing } else { Written::Done };
        match write {
            StaffWrite::Put(row) => {
                if self.staff_of(row.identity)?.is_some_and(|other| other.staff != row.staff) {
                    return Ok(Written::Exists);
                }
                self.run(
                    "INSERT INTO staff (grp, staff, identity, generation, code, code_until, totp, step, failed, locked_until)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
                     ON CONFLICT (grp, staff) DO UPDATE SET identity = excluded.identity,
                         generation = excluded.generation, code = excluded.code,
                         code_until = excluded.code_until, totp = excluded.totp, step = excluded.step,
                         failed = excluded.failed, locked_until = excluded.locked_until",
                    params![
                        grp,
                        row.staff.as_str(),
                        row.identity,
                        row.generation,
                        row.code.map(|(code, _)| code),
                        row.code.map_or(0, |(_, until)| until.0.cast_signed()),
                        row.totp,
                        row.step.cast_signed(),
                        row.failed,
                        row.locked_until.0.cast_signed()
                    ],
                )?;
                self.remove_passkeys(&row.staff)?;
                Ok(Written::Done)
            }
            StaffWrite::Remove(staff) => {
                self.remove_passkeys(staff)?;
                self.run("DELETE FROM staff WHERE grp = $1 AND staff = $2", params![grp, staff.as_str()])?;
                Ok(Written::Done)
            }
            StaffWrite::Attempt { staff, now } => {
                // There is one writer: nothing comes between reading and writing.
                let Some((failed, until)) = self.staff(staff)?.and_then(|row| row.attempt(*now)) else {
                    return Ok(Written::Missing);
                };
                let counted = params![failed, until.0.cast_signed(), grp, staff.as_str()];
                let statement =
                    "UPDATE staff SET failed = $1, locked_until = $2 WHERE grp = $3 AND staff = $4";
                self.run(statement, counted).map(changed)
            }
            StaffWrite::Enrol { staff, generation, totp, step, now } => self
                .run(
                    "UPDATE staff SET totp = $1, step = $2, code = NULL, failed = 0, locked_until = 0
                     WHERE grp = $3 AND staff = $4 AND generation = $5
                         AND totp IS NULL AND code IS NOT NULL AND code_until > $6",
                    params![totp, step.cast_signed(), grp, staff.as_str(), generation, now.0.cast_signed()],
                )
                .map(changed),
            StaffWrite::Step { staff, generation, step } => self
                .run(
                    "UPDATE staff SET step = $1, failed = 0, locked_until = 0
                     WHERE grp = $2 AND staff = $3 AND generation = $4 AND totp IS NOT NULL AND step < $1",
                    params![step.cast_signed(), grp, staff.as_str(), generation],
                )
                .map(changed),
            StaffWrite::AddPasskey(row) => {
                let owner = self.staff(&row.staff)?;
                if !owner.is_some_and(|owner| owner.generation == row.generation && owner.totp.is_some()) {
                    return Ok(Written::Missing);
                }
                let added = self.run(
                    "INSERT INTO staff_passkeys (grp, staff, id, generation, key, state, name, added_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (grp, staff, id) DO NOTHING",
                    params![
                        grp,
                        row.staff.as_str(),
                        row.id,
                        row.generation,
                        row.key,
                        row.state,
                        row.name,
                        row.added_at.0.cast_signed()
                    ],
                )?;
                Ok(if added == 0 { Written::Exists } else { Written::Done })
            }
            StaffWrite::UsePasskey { staff, generation, id, before, after } => {
                if self.staff(staff)?.is_none_or(|row| row.generation != *generation) {
                    return Ok(Written::Missing);
                }
                let used = self.run(
                    "UPDATE staff_passkeys SET state = $1
                     WHERE grp = $2 AND staff = $3 AND id = $4 AND generation = $5 AND state = $6",
                    params![after, grp, staff.as_str(), id, generation, before],
                )?;
                if used == 0 {
                    return Ok(Written::Missing);
                }
                let statement = "UPDATE staff SET failed = 0, locked_until = 0 WHERE grp = $1 AND staff = $2";
                self.run(statement, params![grp, staff.as_str()]).map(changed)
            }
            StaffWrite::RemovePasskey { staff, generation, id } => self
                .run(
                    "DELETE FROM staff_passkeys WHERE grp = $1 AND staff = $2 AND id = $3 AND generation = $4",
                    params![grp, staff.as_str(), id, generation],
                )
                .map(changed),
        }
    }

    fn remove_passkeys(&self, staff: &StaffId) -> Result<u64, StoreError> {
        let of = params![Log::Platform.grp(), staff.as_str()];
        self.run("DELETE FROM staff_passkeys WHERE grp = $1 AND staff = $2", of)
    }
}

/// From `staff, generation, id, key, state, name, added_at`.
pub(super) fn passkey_from(row: &Row<'_>) -> Result<PasskeyRow, StoreError> {
    let staff: String = row.get(0)?;
    Ok(PasskeyRow {
        staff: StaffId::parse(&staff).map_err(|_| StoreError::Damaged("the id of a member of staff"))?,
        generation: row.get(1)?,
        id: row.get(2)?,
        key: row.get(3)?,
        state: row.get(4)?,
        name: row.get(5)?,
        added_at: Timestamp(row.get::<_, i64>(6)?.cast_unsigned()),
    })
}

/// From `staff, identity, generation, code, code_until, totp, step, failed, locked_until`.
pub(super) fn staff_from(row: &Row<'_>) -> Result<StaffRow, StoreError> {
    let staff: String = row.get(0)?;
    let time = |column| row.get::<_, i64>(column).map(|at| Timestamp(at.cast_unsigned()));
    let until = time(4)?;
    Ok(StaffRow {
        staff: StaffId::parse(&staff).map_err(|_| StoreError::Damaged("the id of a member of staff"))?,
        identity: row.get(1)?,
        generation: row.get(2)?,
        code: row.get::<_, Option<[u8; 32]>>(3)?.map(|code| (code, until)),
        totp: row.get(5)?,
        step: row.get::<_, i64>(6)?.cast_unsigned(),
        failed: row.get(7)?,
        locked_until: time(8)?,
    })
}
