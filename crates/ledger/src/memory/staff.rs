//! Staff, in memory.

use std::sync::Arc;

use super::Tables;
use crate::{StaffRow, StaffWrite, Written};

impl Tables {
    pub(super) fn write_staff(&mut self, write: &StaffWrite) -> Written {
        let staff = Arc::make_mut(&mut self.staff);
        match write {
            StaffWrite::Put(row) => {
                if staff.values().any(|other| other.identity == row.identity && other.staff != row.staff) {
                    return Written::Exists;
                }
                staff.insert(row.staff.clone(), row.clone());
                Arc::make_mut(&mut self.passkeys).retain(|(owner, _), _| *owner != row.staff);
                Written::Done
            }
            StaffWrite::Remove(id) => {
                staff.remove(id);
                Arc::make_mut(&mut self.passkeys).retain(|(owner, _), _| owner != id);
                Written::Done
            }
            StaffWrite::Attempt { staff: id, now } => {
                let row = staff.get_mut(id);
                let Some((row, (failed, until))) = row.and_then(|row| row.attempt(*now).map(|a| (row, a)))
                else {
                    return Written::Missing;
                };
                (row.failed, row.locked_until) = (failed, until);
                Written::Done
            }
            StaffWrite::Enrol { staff: id, generation, totp, step, now } => {
                let allowed = |row: &&mut StaffRow| {
                    let in_time = row.code.is_some_and(|(_, until)| *now < until);
                    row.generation == *generation && row.totp.is_none() && in_time
                };
                let Some(row) = staff.get_mut(id).filter(allowed) else { return Written::Missing };
                (row.totp, row.code, row.step) = (Some(totp.clone()), None, *step);
                (row.failed, row.locked_until) = (0, yinuo_domain::Timestamp(0));
                Written::Done
            }
            StaffWrite::Rewrap { staff: id, generation, from, totp } => {
                let same =
                    |row: &&mut StaffRow| row.generation == *generation && row.totp.as_ref() == Some(from);
                let Some(row) = staff.get_mut(id).filter(same) else { return Written::Missing };
                row.totp = Some(totp.clone());
                Written::Done
            }
            StaffWrite::Step { staff: id, generation, step } => {
                let unused = |row: &&mut StaffRow| {
                    row.generation == *generation && row.totp.is_some() && row.step < *step
                };
                let Some(row) = staff.get_mut(id).filter(unused) else { return Written::Missing };
                (row.step, row.failed, row.locked_until) = (*step, 0, yinuo_domain::Timestamp(0));
                Written::Done
            }
            StaffWrite::AddPasskey(passkey) => {
                let allowed = |row: &StaffRow| row.generation == passkey.generation && row.totp.is_some();
                if !staff.get(&passkey.staff).is_some_and(allowed) {
                    return Written::Missing;
                }
                let key = (passkey.staff.clone(), passkey.id.clone());
                if self.passkeys.contains_key(&key) {
                    return Written::Exists;
                }
                Arc::make_mut(&mut self.passkeys).insert(key, passkey.clone());
                Written::Done
            }
            StaffWrite::UsePasskey { staff: owner, generation, id, before, after } => {
                let theirs = |row: &&mut StaffRow| row.generation == *generation;
                let passkey = Arc::make_mut(&mut self.passkeys).get_mut(&(owner.clone(), id.clone()));
                let passkey = passkey.filter(|row| row.generation == *generation && row.state == *before);
                let (Some(row), Some(passkey)) = (staff.get_mut(owner).filter(theirs), passkey) else {
                    return Written::Missing;
                };
                passkey.state.clone_from(after);
                (row.failed, row.locked_until) = (0, yinuo_domain::Timestamp(0));
                Written::Done
            }
            StaffWrite::RemovePasskey { staff: owner, generation, id } => {
                let key = (owner.clone(), id.clone());
                let passkeys = Arc::make_mut(&mut self.passkeys);
                if passkeys.get(&key).is_none_or(|row| row.generation != *generation) {
                    return Written::Missing;
                }
                passkeys.remove(&key);
                Written::Done
            }
        }
    }
}
