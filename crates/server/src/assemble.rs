//! The parts, put together over one data directory.

use std::path::Path;
use std::sync::Arc;

use yinuo_domain::{LogId, Profile, Random, Timestamp};
use yinuo_ledger::{
    AnchorRule, FileAnchor, HeadSigner, Ledger, LedgerError, Mismatch, Settings, SqliteStore, StoreError,
};
use yinuo_service::{ConsentTerms, Gateway, Parts, SignIn};
use yinuo_tlog::{VerifierKey, origin};

use crate::anchor;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::directory::{DirectoryError, Made};
use crate::keys::{Keys, KeysError, publish};
use crate::passkeys::HostPasskeys;
use crate::random::OsRandom;
use crate::row_seal::VaultSeal;

/// What was put together. The directory is locked as long as the ledger is open.
pub(crate) struct Assembled {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) ledger: Ledger,
}

/// Where the last signed heads are kept outside the store, and what to do when the store is not what they say.
pub(crate) struct Anchored<'a> {
    /// What the settings say.
    pub(crate) at: Option<&'a Path>,
    pub(crate) rule: AnchorRule,
}

impl<'a> Anchored<'a> {
    /// A store that is not what they say is not opened.
    pub(crate) fn at(at: Option<&'a Path>) -> Self {
        Self { at, rule: AnchorRule::Holds }
    }
}

/// Why it cannot be put together.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AssembleError {
    #[error(
        "{dir} is in use by another process: a Yinuo serves it already, or another command is at work; \
         `yinuo status --data {dir}` asks it"
    )]
    InUse { dir: String },
    #[error(
        "{dir} is not what {place} says: {mismatch}. Nothing is served. If an older copy was put there, or another, put \
         the newest back; if that is lost, `yinuo restore --accept-loss` goes on with what there is and records who said so"
    )]
    Anchor { dir: String, place: String, mismatch: Mismatch },
    #[error("cannot open the ledger")]
    Ledger(#[source] LedgerError),
    #[error("the rules built into this program cannot be read")]
    Rules(#[from] yinuo_rules::PackError),
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    #[error(transparent)]
    Keys(#[from] KeysError),
}

/// Opens the store in `dir`, or makes it, and puts the rest on top of it. The directory remembers how.
pub(crate) fn assemble(
    dir: &Path,
    made: &Made,
    keys: Keys,
    sign_in: SignIn,
    config: &Config,
    anchored: &Anchored<'_>,
) -> Result<Assembled, AssembleError> {
    made.agree(dir)?;
    let place = anchor::place(dir, anchored.at)?;
    let random: Arc<dyn Random> = Arc::new(OsRandom);
    let clock = Arc::new(SystemClock::new());
    let host = host_of(&made.issuer);
    let signers = signers_of(made.profile, keys.signers);
    let verifier_keys = verifier_keys(host, &signers);
    let settings = settings(made, host, config);
    let store = SqliteStore::new(dir).sealed(VaultSeal::of(&keys.vault));
    let kept = (Box::new(FileAnchor::new(&place)) as _, anchored.rule);
    let ledger = Ledger::open_anchored(store, settings, signers, clock.clone(), random.clone(), kept);
    let ledger = ledger.map_err(|error| match error {
        LedgerError::Store(StoreError::InUse) => AssembleError::InUse { dir: dir.display().to_string() },
        LedgerError::Anchor(mismatch) => AssembleError::Anchor {
            dir: dir.display().to_string(),
            place: place.display().to_string(),
            mismatch,
        },
        other => AssembleError::Ledger(other),
    })?;
    anchor::remember(dir, &place)?;
    made.remember(dir)?;
    publish(dir, &verifier_keys)?;
    let parts = Parts {
        issuer: made.issuer.clone(),
        ledger: ledger.clone(),
        vault: keys.vault,
        sign_in,
        clock,
        random,
        passkeys: HostPasskeys::of(&made.issuer).map(|passkeys| Arc::new(passkeys) as _),
        terms: terms(config),
        small_count: config.staff.small_count,
    };
    let gateway = Gateway::new(parts)?;
    gateway.forget_retired_epochs();
    Ok(Assembled { gateway: Arc::new(gateway), ledger })
}

fn signers_of(profile: Profile, signers: Vec<Arc<dyn HeadSigner>>) -> Vec<Arc<dyn HeadSigner>> {
    let wanted = |algorithm| match algorithm {
        yinuo_tlog::Algorithm::Sha256 => profile.has_sha256(),
        yinuo_tlog::Algorithm::Sm3 => profile.has_sm3(),
    };
    signers.into_iter().filter(|signer| wanted(signer.algorithm())).collect()
}

/// The public keys of every log, as `tlog` writes them, one a line.
fn verifier_keys(host: &str, signers: &[Arc<dyn HeadSigner>]) -> String {
    each_key(host, signers).map(|key| format!("{key}\n")).collect()
}

fn each_key<'a>(host: &'a str, signers: &'a [Arc<dyn HeadSigner>]) -> impl Iterator<Item = VerifierKey> + 'a {
    let of = move |log: LogId| {
        signers.iter().map(move |signer| signer.verifier(&origin(host, &log, signer.algorithm())))
    };
    [LogId::platform(), LogId::group(0)].into_iter().flat_map(of)
}

/// The public keys of the logs in a directory.
pub(crate) fn keys_of_logs(made: &Made, signers: &[Arc<dyn HeadSigner>]) -> Vec<VerifierKey> {
    let signers = signers_of(made.profile, signers.to_vec());
    each_key(host_of(&made.issuer), &signers).collect()
}

/// The name under which an issuer signs.
pub(crate) fn host_of(issuer: &str) -> &str {
    issuer.split_once("://").map_or(issuer, |(_, host)| host)
}

fn settings(made: &Made, host: &str, config: &Config) -> Settings {
    let limits = &config.limits;
    let number = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    Settings {
        queue_len_max: number(limits.queue_max),
        partner_queue_len_max: number(limits.partner_queue_max),
        working_max: number(limits.working_max),
        urgent_queue_len_max: number(limits.urgent_queue_max),
        batch_len_max: number(limits.batch_max),
        streams_cached_max: number(limits.streams_cached_max),
        permit_ttl_ms: limits.permit_ms,
        overdue_ms: limits.overdue_ms,
        clock_jump_ms_max: config.clock.jump_max_s * 1_000,
        clock_behind_ms_max: config.clock.behind_max_s * 1_000,
        clock_gap_ms_max: config.clock.gap_max_days * Timestamp::DAY_MS,
        ..Settings::new(made.suite, made.profile, host)
    }
}

fn terms(config: &Config) -> ConsentTerms {
    let days = |days: u64| u32::try_from(days).unwrap_or(u32::MAX);
    ConsentTerms {
        days_default: days(config.consent.days_default),
        days_offered: config.consent.days_offered.iter().copied().map(days).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_configured_by_default_is_what_the_rooms_below_default_to() {
        let made = Made {
            issuer: "https://id.example".to_owned(),
            suite: yinuo_domain::Suite::Guomi,
            profile: Profile::Dual,
            demonstration: false,
        };
        let (ours, theirs) = (
            settings(&made, "id.example", &Config::default()),
            Settings::new(made.suite, made.profile, "id.example"),
        );
        assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
        assert_eq!(Config::default().staff.small_count, yinuo_service::SMALL_COUNT);
        assert_eq!(format!("{:?}", terms(&Config::default())), format!("{:?}", ConsentTerms::default()));
    }
}
