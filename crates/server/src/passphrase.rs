//! Where the passphrase over the keys comes from: a file that was named, the environment, the file that a
//! demonstration keeps, or whoever sits at the terminal. In this order.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use yinuo_domain::Random;
use zeroize::Zeroizing;

use crate::environment;
use crate::keys::{KeysError, read, write_private};

/// The variable of the environment.
pub(crate) const VARIABLE: &str = "YINUO_PASSPHRASE";
/// What a demonstration keeps beside its data.
const BESIDE: &str = "passphrase";
/// The least a new one has, in bytes.
const LEN_MIN: usize = 12;

/// The passphrase. Wiped when it is dropped.
pub(crate) type Passphrase = Zeroizing<String>;

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PassphraseError {
    #[error(transparent)]
    File(#[from] KeysError),
    #[error("{} is empty", .0.display())]
    Empty(PathBuf),
    #[error(
        "the keys need a passphrase: give --passphrase-file FILE, set {VARIABLE}, or run this on a terminal"
    )]
    Nowhere,
    #[error("the two are not alike; nothing was made")]
    NotAlike,
    #[error("a passphrase has at least {LEN_MIN} bytes; nothing was made")]
    TooShort,
    #[error("cannot read from the terminal")]
    Terminal(#[source] std::io::Error),
}

/// The passphrase of the keys in `dir`. Only a demonstration's lies beside its data.
pub(crate) fn of(
    dir: &Path,
    named: Option<&Path>,
    demonstration: bool,
) -> Result<Passphrase, PassphraseError> {
    if let Some(given) = given(named)? {
        return Ok(given);
    }
    let beside = dir.join(BESIDE);
    if demonstration && beside.exists() {
        return from_file(&beside);
    }
    if std::io::stdin().is_terminal() {
        return typed(&format!("Passphrase of {}: ", dir.display()));
    }
    Err(PassphraseError::Nowhere)
}

/// The passphrase of the file that was named, else of the environment.
pub(crate) fn given(named: Option<&Path>) -> Result<Option<Passphrase>, PassphraseError> {
    match named {
        Some(path) => from_file(path).map(Some),
        None => Ok(environment::variable(VARIABLE).map(Zeroizing::new)),
    }
}

/// A passphrase to make keys under: of the file that was named, else of the environment, else typed twice alike.
pub(crate) fn chosen(named: Option<&Path>) -> Result<Passphrase, PassphraseError> {
    let given = match given(named)? {
        Some(given) => given,
        None if std::io::stdin().is_terminal() => typed_twice()?,
        None => return Err(PassphraseError::Nowhere),
    };
    long_enough(given)
}

/// Another passphrase for keys that have one: of the file that was named, else typed twice alike.
pub(crate) fn new(named: Option<&Path>) -> Result<Passphrase, PassphraseError> {
    long_enough(named.map_or_else(typed_twice, from_file)?)
}

fn long_enough(passphrase: Passphrase) -> Result<Passphrase, PassphraseError> {
    if passphrase.len() < LEN_MIN { Err(PassphraseError::TooShort) } else { Ok(passphrase) }
}

/// A new passphrase, typed twice alike.
fn typed_twice() -> Result<Passphrase, PassphraseError> {
    let first = typed("New passphrase: ")?;
    if *first == *typed("The same again: ")? { Ok(first) } else { Err(PassphraseError::NotAlike) }
}

fn typed(question: &str) -> Result<Passphrase, PassphraseError> {
    rpassword::prompt_password(question).map(Zeroizing::new).map_err(PassphraseError::Terminal)
}

/// The passphrase of the demonstration in `dir`: made at its first start, kept beside the data, and said so.
pub(crate) fn of_demonstration(dir: &Path, random: &dyn Random) -> Result<Passphrase, PassphraseError> {
    let path = dir.join(BESIDE);
    if !path.exists() {
        let mut bytes = Zeroizing::new([0; 16]);
        random.fill(bytes.as_mut_slice()).map_err(yinuo_vault::VaultError::from).map_err(KeysError::from)?;
        // Whole from the beginning: a text that grows leaves shorter ones behind.
        let mut text = Zeroizing::new(String::with_capacity(32));
        for byte in bytes.iter() {
            for half in [byte >> 4, byte & 15] {
                text.push(char::from_digit(half.into(), 16).unwrap_or_default());
            }
        }
        write_private(&path, text.as_bytes())?;
    }
    from_file(&path)
}

/// Keeps a demonstration's new passphrase where its next start looks for it, and says where.
pub(crate) fn keep_beside(dir: &Path, passphrase: &Passphrase) -> Result<PathBuf, PassphraseError> {
    let (path, unfinished) = (dir.join(BESIDE), dir.join("passphrase.tmp"));
    let _ = std::fs::remove_file(&unfinished);
    write_private(&unfinished, passphrase.as_bytes())?;
    let put = std::fs::rename(&unfinished, &path);
    put.map_err(|cause| KeysError::File { path: path.clone(), cause })?;
    Ok(path)
}

/// The file's text without the white space around it, such as the end of its line.
fn from_file(path: &Path) -> Result<Passphrase, PassphraseError> {
    let bytes = Zeroizing::new(read(path)?);
    let text = Zeroizing::new(String::from_utf8_lossy(&bytes).trim().to_owned());
    if text.is_empty() { Err(PassphraseError::Empty(path.to_owned())) } else { Ok(text) }
}
