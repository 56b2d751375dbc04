//! Staff: appointed in one of two roles, signed in with two factors, shown counts and governance facts only.
//!
//! The role is read from the platform's state with every request and never from the session, so that a dismissal
//! counts at the very next one. Nothing here can reach a person's value: no function of this module is given a person.
//!
//! Not here: who is appointed, which is a fact (`core`); the first factor ([`crate::sign_in`]); cookies and pages (`web`).

mod appoint;
mod factor;
mod overview;
mod passkey;
mod platform;
mod session;
mod totp;

use yinuo_domain::{Role, StaffId, Timestamp};

pub use appoint::{EnrolmentCode, StaffError, StaffLine};
pub use factor::{SecondFactor, StaffPending, TotpSetup};
pub use overview::{Counted, DayCounts, GovernanceLine, Overview, SMALL_COUNT};
pub use passkey::{Passkey, PasskeyAsked, PasskeyLine, PasskeyOffer, PasskeyOwner, PasskeyRefused, Passkeys};
pub use platform::{AppLine, PartnerLine, StaffAct, StaffActError};
pub use session::{STAFF_IDLE_MS, STAFF_PENDING_MS, STAFF_SESSION_MS};
pub use totp::Totp;

/// A member of staff who signed in with both factors, is appointed now, and in which role.
#[derive(Clone, Debug)]
pub struct StaffSession {
    /// Who.
    pub staff: StaffId,
    /// What they may do now.
    pub role: Role,
    /// What the browser's forms must carry.
    pub csrf: String,
    /// When it ends, however busy they are.
    pub ends_at: Timestamp,
    /// Whether the browser should be given a new cookie, so that it lasts while somebody works.
    pub is_ageing: bool,
    pub(crate) generation: [u8; 16],
    pub(crate) family: [u8; 16],
}
