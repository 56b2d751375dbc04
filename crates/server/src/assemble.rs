//! The parts, put together over one data directory.

use std::path::Path;
use std::sync::Arc;

use yinuo_domain::{Clock, LogId, Profile, Random};
use yinuo_ledger::{Ledger, LedgerError, Settings, SqliteStore};
use yinuo_service::{ConsentTerms, Gateway, Parts, SignIn};
use yinuo_tlog::origin;

use crate::keys::Keys;

/// What a running Yinuo is.
pub(crate) struct Running {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) ledger: Ledger,
    /// The public keys of every log, as `tlog` writes them, one a line.
    pub(crate) verifier_keys: String,
}

/// Why it cannot run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AssembleError {
    #[error("cannot open the ledger")]
    Ledger(#[from] LedgerError),
    #[error("the rules built into this program cannot be read")]
    Rules(#[from] yinuo_rules::PackError),
}

/// Opens the store in `dir` and puts the rest on top of it.
pub(crate) fn assemble(
    dir: &Path,
    issuer: &str,
    profile: Profile,
    keys: Keys,
    sign_in: SignIn,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
) -> Result<Running, AssembleError> {
    let host = issuer.split_once("://").map_or(issuer, |(_, host)| host);
    let settings = Settings::new(keys.vault.suite(), profile, host);
    let wanted = |algorithm| match algorithm {
        yinuo_tlog::Algorithm::Sha256 => profile.has_sha256(),
        yinuo_tlog::Algorithm::Sm3 => profile.has_sm3(),
    };
    let signers: Vec<_> = keys.signers.into_iter().filter(|signer| wanted(signer.algorithm())).collect();
    let mut verifier_keys = String::new();
    for log in [LogId::platform(), LogId::group(0)] {
        for signer in &signers {
            let key = signer.verifier(&origin(host, &log, signer.algorithm()));
            verifier_keys.push_str(&format!("{key}\n"));
        }
    }
    let ledger = Ledger::open(SqliteStore::new(dir), settings, signers, clock.clone(), random.clone())?;
    let parts = Parts {
        issuer: issuer.to_owned(),
        ledger: ledger.clone(),
        vault: keys.vault,
        sign_in,
        clock,
        random,
        terms: ConsentTerms::default(),
    };
    Ok(Running { gateway: Arc::new(Gateway::new(parts)?), ledger, verifier_keys })
}
