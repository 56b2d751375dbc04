//! What merely passes: sessions, tokens, codes, used ids. Durable, shared, and used up by one conditional write.

use std::fmt;

use yinuo_domain::{AppId, SubjectKey, Timestamp};

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $n:literal,)*) => {
        /// What a ticket is for. The number is stored and never reused.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        #[repr(u8)]
        pub enum TicketKind { $($(#[$doc])* $variant = $n,)* }

        impl TicketKind {
            /// Every one.
            pub const EVERY: &'static [Self] = &[$(Self::$variant,)*];
        }
    };
}

kinds! {
    /// A pushed authorisation request (RFC 9126).
    RequestUri = 1,
    /// An authorisation code.
    Code = 2,
    /// An access token.
    AccessToken = 3,
    /// A refresh token.
    RefreshToken = 4,
    /// The `jti` of a client assertion: there once, used for good.
    AssertionId = 5,
    /// A browser's session.
    Session = 6,
    /// The `jti` of a DPoP proof.
    ProofId = 7,
    /// A browser on its way to the identity provider and back.
    SignIn = 8,
    /// A browser of staff after the first factor and before the second.
    StaffPending = 9,
    /// A browser's session of staff.
    StaffSession = 10,
}

impl TicketKind {
    pub(crate) fn from_number(number: i64) -> Option<Self> {
        Self::EVERY.iter().copied().find(|kind| i64::from(*kind as u8) == number)
    }
}

/// Something that can be shown and used up.
#[derive(Clone, Eq, PartialEq)]
pub struct Ticket {
    /// What it is for.
    pub kind: TicketKind,
    /// The hash of what the holder shows.
    pub key: [u8; 32],
    /// What was issued from the same act: it can be revoked together.
    pub family: [u8; 16],
    /// Whose it is, if anybody's.
    pub subject: Option<SubjectKey>,
    /// Which app holds it, if one does.
    pub app: Option<AppId>,
    /// What the issuer wants back.
    pub body: Vec<u8>,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// From when on it is worth nothing.
    pub expires_at: Timestamp,
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket")
            .field("kind", &self.kind)
            .field("app", &self.app)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}
