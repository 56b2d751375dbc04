//! The statements about staff. Their rows belong to the platform, as their appointments do.

use rusqlite::{Row, params};
use yinuo_domain::{StaffId, Timestamp};

use super::Rowset;
use crate::backend::{Log, Rows as _};
use crate::{StaffRow, StaffWrite, StoreError, Written};

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
                Ok(Written::Done)
            }
            StaffWrite::Remove(staff) => {
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
        }
    }
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
