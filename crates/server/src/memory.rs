//! What is in memory stays there: keys of people's keys, values on their way.
//!
//! A crash must not write them to disk, where nobody wipes them, and no other process of the same user may read them.
//! Root still can: `docs/THREATS.md`. What is swapped out is the machine's to encrypt.

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// Why memory is open to others.
#[derive(Debug, thiserror::Error)]
#[error("cannot keep what is in memory from core dumps and other processes")]
pub(crate) struct MemoryError(#[from] rustix::io::Errno);

/// No core dump of this process, and no look into it by others of the same user. Before any key is read.
pub(crate) fn keep_to_ourselves() -> Result<(), MemoryError> {
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    Ok(())
}
