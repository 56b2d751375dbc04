//! In what order do things happen?
//!
//! One file per use case, each read from top to bottom. Everything is asked through [`Gateway`]: the pages, the
//! protocol, staff and the demonstration share the same functions, so that there is one way to obtain a value.
//!
//! Not here: HTTP and HTML (`web`), decisions (`core`), order and durability (`ledger`), keys (`vault`).

mod apply;
mod authenticate;
mod authorize;
mod centre;
mod consent_view;
mod counts;
mod delete_account;
mod disclose;
mod enrol;
mod errors;
mod evidence;
mod find;
mod gateway;
mod history;
mod import;
mod items;
mod keys;
mod notices;
mod own_values;
mod package;
mod platform;
mod public_log;
mod rows;
mod sign_in;
mod staff;
mod status;
mod token;
mod views;
mod withdraw;

pub use apply::{Act, Applied, Blocked, Part, Plan, Step, Wanted};
pub use authorize::Agreement;
pub use counts::Counts;
pub use disclose::{Delivered, DiscloseAsk, ReceiptView};
pub use enrol::{Admitted, EnrolError, Existing, NewPerson, Prepared};
pub use errors::{DiscloseError, PageError, ProtocolError, Unavailable, UnavailableWhy};
pub use find::{Found, FoundValue, Look, LookError, LookUp};
pub use gateway::{ConsentTerms, Gateway, Parts};
pub use history::{HISTORY_PAGE, HISTORY_SCAN_MAX, HistoryChoices, ProofFile, Proofs};
pub use keys::{KeyEpochsView, KeyError, Rewrapped};
pub use notices::NoticeView;
pub use package::{PACKAGE_FORMAT, PROVEN_MS, Package, PackageError, Whose as PackageOf};
pub use platform::ChangeError;
pub use public_log::CosignedHead;
pub use sign_in::{
    Arrival, Begun, Directory, Ended, Farewell, IdentityProvider, Pending, ProviderAnswer, ProviderError,
    Round, SESSION_MS, SIGN_IN_MS, SignIn, SignInError, SignInFailed, SignInFor, SignInWay, SigningIn,
    Travelled, Vouched,
};
pub use staff::{
    AppLine, Counted, DayCounts, EnrolmentCode, GovernanceLine, Overview, PartnerLine, Passkey, PasskeyAsked,
    PasskeyLine, PasskeyOffer, PasskeyOwner, PasskeyRefused, Passkeys, SMALL_COUNT, STAFF_IDLE_MS,
    STAFF_PENDING_MS, STAFF_SESSION_MS, SecondFactor, StaffAct, StaffActError, StaffError, StaffLine,
    StaffPending, StaffSession, Totp, TotpSetup,
};
pub use status::Status;
pub use views::{
    AllowedApp, AllowedPurpose, AllowedTo, CentreView, ConsentView, CountedRefusals, GrantState,
    HistoryFilter, HistoryKind, HistoryLine, HistoryPage, ItemView, Offered, OwnItem, OwnItemView,
    PurposeView, Session,
};
pub use withdraw::{Everywhere, Withdrawal, Withdrawing};
pub use yinuo_ledger::ClockJump;
pub use yinuo_rules::FormatFault;
