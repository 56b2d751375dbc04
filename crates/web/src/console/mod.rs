//! `/console`: what staff see. Counts, who changed the platform, and for operators a few changes.
//!
//! A session of staff and a session of a person have nothing in common: other cookies, other pages, other tickets. No
//! page here is given anything about one person.
//!
//! Not here: who is on the staff and what they may do (`service`).

mod overview;
mod passkey;
mod platform;
mod sign_in;
mod visit;

use axum::Router;
use axum::routing::{get, post};

use crate::visit::Web;

pub(crate) use sign_in::arrived;

pub(crate) fn routes() -> Router<Web> {
    Router::new()
        .route("/console", get(overview::show))
        .route("/console/log", get(overview::log))
        .route("/console/me", get(overview::me))
        .route("/console/partners", get(platform::show).post(platform::change))
        .route("/console/partners/confirm", get(platform::confirm))
        .route("/console/sign-in", get(sign_in::offer).post(sign_in::choose))
        .route("/console/second-factor", get(sign_in::ask).post(sign_in::answer))
        .route("/console/second-factor/passkey", post(passkey::answer))
        .route("/console/passkeys", post(passkey::begin))
        .route("/console/passkeys/add", post(passkey::add))
        .route("/console/passkeys/remove", post(passkey::remove))
        .route("/console/sign-out", post(sign_in::end))
}
