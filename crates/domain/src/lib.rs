//! What words do we use?
//!
//! The nouns of the field, each a type that is valid once it exists: ids, items and sets of items, purposes,
//! what an app declares, what a person grants, what someone asks to happen ([`Command`]), what has happened
//! ([`Fact`]) and why something was refused ([`Reason`]).
//!
//! Not here: what the regulation says (`rules`), whether something may happen (`core`), how a fact is written
//! down (`tlog`).

mod bytes;
mod command;
mod declared;
mod fact;
mod ids;
mod items;
mod outside;
mod reason;
mod role;
mod time;

pub use bytes::{
    Commitment, Digest, DisclosureId, ImportId, InvalidBytes, Salt, SubjectKey, Tag, ValueVersion,
};
pub use command::{Choice, Command, Guardian, ImportCounts, PlatformChange, StoredValue, WithdrawalScope};
pub use declared::{
    Category, Compartment, Declaration, DeclaredItem, DeclaredPurpose, Destination, Engine, Frequency,
    LegalBasis, LocalText, Notice, PartnerProfile, Profile, PurposeKind, Suite, Whose,
};
pub use fact::{ConsentLine, Disclosed, Entry, Fact, Place, RefusalCount, StreamId};
pub use ids::{AppId, InvalidId, LogId, PartnerId, PersonId, PurposeId, StaffId};
pub use items::{Item, ItemSet, Purpose};
pub use outside::{Clock, Random, RandomFailed};
pub use reason::{ClockReason, Reason, Refusal, StoreCause, ViewReason};
pub use role::Role;
pub use time::{Monotonic, Timestamp};
