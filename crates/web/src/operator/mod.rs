//! What whoever runs Yinuo asks of it: JSON over HTTP, below `/operator/`.
//!
//! These routes are not part of [`crate::router`]: no address of the network leads to them. `server` offers them on a
//! socket in the data directory, or calls them within its own process, and has checked who may. Here stands only in
//! whose name it is done: the name goes into the facts.
//!
//! A route lives in the module of its subject. Bodies are limited to [`crate::BODY_LEN_MAX`]; a route that takes a
//! longer one, or a stream, says so by a `DefaultBodyLimit` of its own.

mod keys;
mod people;
mod platform;
mod staff;

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use yinuo_domain::StaffId;
use yinuo_service::Gateway;

use crate::dressed;
use crate::fault::Fault;
use crate::visit::Web;

pub use keys::{HandedKey, KeysAnswer, RetireEpoch, RewrapAsk, RewrapTold};
pub use people::{FindAsk, FindPerson, PackageAsk};
pub use people::{
    IMPORT_LEN_MAX, IMPORT_PEOPLE_MAX, ImportBatch, ImportBegun, ImportEnd, ImportPerson, ImportRefused,
    ImportTold,
};
pub use platform::{
    AcceptClock, ApplyAnswer, BlockedAnswer, Both, Files, LogSize, OnHold, Outcome, PartAnswer, PlanAnswer,
    Status, StepAnswer,
};
pub use staff::{Appoint, Appointed, Named, Staff};

/// The header that says in whose name an operator asks.
pub const OPERATOR: &str = "yinuo-operator";

/// Everything an operator can ask.
pub fn operator_router(gateway: Arc<Gateway>) -> Router {
    let subjects = platform::routes().merge(people::routes()).merge(staff::routes()).merge(keys::routes());
    dressed(Router::new().merge(subjects), Web::new(gateway, None))
}

/// In whose name an operator asks.
pub(crate) struct Operator {
    /// What stands in the facts.
    pub(crate) by: StaffId,
}

impl FromRequestParts<Web> for Operator {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &Web) -> Result<Self, Fault> {
        let mut given = parts.headers.get_all(OPERATOR).iter();
        let (Some(only), None) = (given.next(), given.next()) else {
            return Err(Fault::malformed("Yinuo-Operator", "must be there once"));
        };
        let by = only.to_str().ok().and_then(|name| StaffId::parse(name).ok());
        let wrong = || Fault::malformed("Yinuo-Operator", "must be 1 to 64 of a-z, 0-9 and -");
        Ok(Self { by: by.ok_or_else(wrong)? })
    }
}

#[cfg(test)]
mod tests;
