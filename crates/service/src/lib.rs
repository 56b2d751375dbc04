//! In what order do things happen?
//!
//! One file per use case, each read from top to bottom. Everything is asked through [`Gateway`]: the pages, the
//! protocol, staff and the demonstration share the same functions, so that there is one way to obtain a value.
//!
//! Not here: HTTP and HTML (`web`), decisions (`core`), order and durability (`ledger`), keys (`vault`).

mod authenticate;
mod authorize;
mod centre;
mod consent_view;
mod delete_account;
mod disclose;
mod enrol;
mod errors;
mod evidence;
mod gateway;
mod platform;
mod public_log;
mod sign_in;
mod status;
mod token;
mod views;
mod withdraw;

pub use authorize::Agreement;
pub use centre::ProofFile;
pub use disclose::{Delivered, DiscloseAsk, ReceiptView};
pub use enrol::{EnrolError, NewPerson};
pub use errors::{DiscloseError, PageError, ProtocolError, Unavailable};
pub use gateway::{ConsentTerms, Gateway, Parts};
pub use platform::ChangeError;
pub use sign_in::{
    Arrival, Begun, Directory, IdentityProvider, Pending, ProviderAnswer, ProviderError, Round, SESSION_MS,
    SIGN_IN_MS, SignIn, SignInError, SignInFailed, SignInFor, SignInWay, SigningIn, Vouched,
};
pub use status::Status;
pub use views::{
    AllowedApp, AllowedPurpose, CentreView, ConsentView, GrantState, HistoryKind, HistoryLine, HistoryPage,
    ItemView, Offered, PurposeView, Session,
};
pub use withdraw::Withdrawing;
