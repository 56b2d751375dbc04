//! The promises, one a case.

mod counted;
mod log;
mod people;
mod permits;
mod restart;
mod staff;
mod tickets;

use yinuo_domain::LogId;

pub use {counted::*, log::*, people::*, permits::*, restart::*, staff::*, tickets::*};

fn group() -> LogId {
    LogId::group(0)
}
