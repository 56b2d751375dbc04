//! Whom a verifier trusts (C2SP `tlog-policy`): which logs, which witnesses, and how many of them make a quorum.

use std::collections::HashMap;

use crate::checkpoint::decimal;
use crate::{Checkpoint, InvalidCheckpoint, SignedNote, Unverified, VerifierKey, WitnessKey};

/// A log that is trusted to say what is in it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PolicyLog {
    /// Its key, under the name of the log's origin.
    pub key: VerifierKey,
    /// Where it is, when that was said: bytes, as the format leaves them.
    pub url: Option<Vec<u8>>,
}

/// A witness, by the name it has in this policy.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PolicyWitness {
    /// Means nothing outside the policy. Bytes.
    pub name: Vec<u8>,
    /// Its key.
    pub key: WitnessKey,
    /// Where heads are submitted to it, when that was said.
    pub url: Option<Vec<u8>>,
}

/// Whom a verifier trusts.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Policy {
    logs: Vec<PolicyLog>,
    witnesses: Vec<PolicyWitness>,
    groups: Vec<Group>,
    /// Nothing when no cosignature is asked for.
    quorum: Option<Member>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
struct Group {
    threshold: usize,
    /// Each stands before the group.
    members: Vec<Member>,
}

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum Member {
    Witness(usize),
    Group(usize),
}

/// Why a file is no policy.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("line {line} of the policy: {what}")]
pub struct InvalidPolicy {
    /// Which line, from 1; the one after the last for what is missing.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

/// A head that a policy accepts.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Accepted {
    /// What it says.
    pub head: Checkpoint,
    /// The log's key.
    pub log: VerifierKey,
    /// Who cosigned it, and when (seconds since 1970): by their names in the policy.
    pub cosigned: Vec<(Vec<u8>, u64)>,
}

/// Why a policy does not accept a head.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NotAccepted {
    /// What is signed is no head.
    #[error(transparent)]
    Checkpoint(#[from] InvalidCheckpoint),
    /// None of the policy's logs signed it, or not as the log of that origin.
    #[error("the head is not signed by a log of the policy")]
    Log,
    /// A signature by a log or a witness of the policy is wrong.
    #[error("a signature by a log or witness of the policy is wrong")]
    WrongSignature,
    /// Too few of its witnesses.
    #[error("the head is cosigned by {found} of the policy's witnesses, which is no quorum")]
    Quorum {
        /// How many did.
        found: usize,
    },
}

impl Policy {
    /// The most bytes a policy may have.
    pub const LEN_MAX: usize = 1 << 20;

    /// Reads a policy. Its names, addresses and remarks are bytes; nothing outside ASCII has a meaning.
    pub fn parse(file: &[u8]) -> Result<Self, InvalidPolicy> {
        let mut reading = Reading::default();
        let lines: Vec<_> = file.split(|byte| *byte == b'\n').collect();
        let wrong = |line: usize, what: &str| InvalidPolicy { line, what: what.to_owned() };
        if Self::LEN_MAX < file.len() {
            return Err(wrong(1, "a policy has at most 1 MiB"));
        }
        // What follows the last newline is a line that is not ended.
        let (last, lines) = lines.split_last().unwrap_or((&file, &[]));
        if !last.is_empty() {
            return Err(wrong(lines.len() + 1, "a line ends with a newline"));
        }
        for (line, text) in (1..).zip(lines) {
            if let Some(found) = text.iter().find(|byte| (**byte < 0x20 && **byte != b'\t') || **byte == 0x7f)
            {
                return Err(wrong(line, &format!("the byte {found:#04x} is not allowed")));
            }
            reading.line(text).map_err(|what| InvalidPolicy { line, what })?;
        }
        let Reading { logs, witnesses, groups, quorum, .. } = reading;
        let quorum = quorum.ok_or_else(|| {
            wrong(lines.len() + 1, "there is no quorum line; for none at all it is `quorum none`")
        })?;
        Ok(Self { logs, witnesses, groups, quorum })
    }

    /// The logs it trusts.
    pub fn logs(&self) -> &[PolicyLog] {
        &self.logs
    }

    /// The witnesses it knows.
    pub fn witnesses(&self) -> &[PolicyWitness] {
        &self.witnesses
    }

    /// Whether a head is signed by one of the logs and cosigned by a quorum.
    pub fn accept(&self, note: &SignedNote) -> Result<Accepted, NotAccepted> {
        let head = Checkpoint::parse_any(&note.text)?;
        let mut log = None;
        for of in self.logs.iter().filter(|of| of.key.name() == head.origin) {
            match of.key.verify(note) {
                Ok(()) => log = Some(of.key.clone()),
                Err(Unverified::NotSigned) => {}
                Err(Unverified::WrongSignature | Unverified::Key) => return Err(NotAccepted::WrongSignature),
            }
        }
        let log = log.ok_or(NotAccepted::Log)?;
        let mut cosigned = Vec::new();
        let mut by = vec![false; self.witnesses.len()];
        for (witness, by) in self.witnesses.iter().zip(&mut by) {
            match witness.key.verify(note) {
                Ok(at) => {
                    *by = true;
                    cosigned.push((witness.name.clone(), at));
                }
                Err(Unverified::NotSigned) => {}
                Err(Unverified::WrongSignature | Unverified::Key) => return Err(NotAccepted::WrongSignature),
            }
        }
        if self.is_quorum(&by) {
            Ok(Accepted { head, log, cosigned })
        } else {
            Err(NotAccepted::Quorum { found: cosigned.len() })
        }
    }

    fn is_quorum(&self, by: &[bool]) -> bool {
        let mut groups: Vec<bool> = Vec::with_capacity(self.groups.len());
        let met = |member: &Member, groups: &[bool]| match member {
            Member::Witness(at) => by.get(*at).copied().unwrap_or(false),
            Member::Group(at) => groups.get(*at).copied().unwrap_or(false),
        };
        for group in &self.groups {
            let found = group.members.iter().filter(|member| met(member, &groups)).count();
            groups.push(group.threshold <= found);
        }
        self.quorum.is_none_or(|quorum| met(&quorum, &groups))
    }
}

/// A policy while it is read.
#[derive(Default)]
struct Reading {
    logs: Vec<PolicyLog>,
    witnesses: Vec<PolicyWitness>,
    groups: Vec<Group>,
    names: HashMap<Vec<u8>, Member>,
    /// Whoever is in a group already: nobody counts twice.
    grouped: Vec<Member>,
    quorum: Option<Option<Member>>,
}

impl Reading {
    fn line(&mut self, text: &[u8]) -> Result<(), String> {
        let mut words = text.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty());
        let Some(first) = words.next().filter(|word| !word.starts_with(b"#")) else { return Ok(()) };
        let words: Vec<&[u8]> = words.collect();
        match (first, words.as_slice()) {
            (b"log", [key]) => self.log(key, None),
            (b"log", [key, url]) => self.log(key, Some(url.to_vec())),
            (b"log", _) => Err("a log is `log <key> [<address>]`".to_owned()),
            (b"witness", [name, key]) => self.witness(name, key, None),
            (b"witness", [name, key, url]) => self.witness(name, key, Some(url.to_vec())),
            (b"witness", _) => Err("a witness is `witness <name> <key> [<address>]`".to_owned()),
            (b"group", [name, threshold, members @ ..]) if !members.is_empty() => {
                self.group(name, threshold, members)
            }
            (b"group", _) => Err("a group is `group <name> all|any|<number> <member>…`".to_owned()),
            (b"quorum", [name]) => self.quorum(name),
            (b"quorum", _) => Err("a quorum is `quorum <name>`, or `quorum none`".to_owned()),
            (other, _) => {
                Err(format!("`{}` is none of log, witness, group and quorum", other.escape_ascii()))
            }
        }
    }

    fn log(&mut self, key: &[u8], url: Option<Vec<u8>>) -> Result<(), String> {
        let key = VerifierKey::parse(utf8(key)?).map_err(|error| error.to_string())?;
        if self.logs.iter().any(|log| log.key.is_key_of(&key)) {
            return Err("this key is another log's as well".to_owned());
        }
        self.logs.push(PolicyLog { key, url });
        Ok(())
    }

    fn witness(&mut self, name: &[u8], key: &[u8], url: Option<Vec<u8>>) -> Result<(), String> {
        let key = WitnessKey::parse(utf8(key)?).map_err(|error| error.to_string())?;
        if self.witnesses.iter().any(|witness| witness.key.key().is_key_of(key.key())) {
            return Err("this key is another witness's as well".to_owned());
        }
        self.name(name, Member::Witness(self.witnesses.len()))?;
        self.witnesses.push(PolicyWitness { name: name.to_vec(), key, url });
        Ok(())
    }

    fn group(&mut self, name: &[u8], threshold: &[u8], names: &[&[u8]]) -> Result<(), String> {
        let mut members = Vec::with_capacity(names.len());
        for member in names {
            let found = self.names.get(*member).copied();
            let found = found.ok_or_else(|| format!("`{}` was not defined before", member.escape_ascii()))?;
            if self.grouped.contains(&found) {
                return Err(format!("`{}` is a member already: each counts once", member.escape_ascii()));
            }
            self.grouped.push(found);
            members.push(found);
        }
        let threshold = match threshold {
            b"all" => members.len(),
            b"any" => 1,
            number => {
                let number = decimal(utf8(number)?).and_then(|number| usize::try_from(number).ok());
                let number = number.filter(|number| (1..=members.len()).contains(number));
                number.ok_or_else(|| format!("a threshold is all, any or 1 to {}", members.len()))?
            }
        };
        self.name(name, Member::Group(self.groups.len()))?;
        self.groups.push(Group { threshold, members });
        Ok(())
    }

    fn quorum(&mut self, name: &[u8]) -> Result<(), String> {
        if self.quorum.is_some() {
            return Err("there is a quorum line already".to_owned());
        }
        let found = if name == b"none" { None } else { self.names.get(name).copied() };
        if found.is_none() && name != b"none" {
            return Err(format!("`{}` was not defined before", name.escape_ascii()));
        }
        self.quorum = Some(found);
        Ok(())
    }

    fn name(&mut self, name: &[u8], member: Member) -> Result<(), String> {
        if name == b"none" {
            return Err("`none` names nobody".to_owned());
        }
        match self.names.insert(name.to_vec(), member) {
            None => Ok(()),
            Some(_) => Err(format!("`{}` was defined before", name.escape_ascii())),
        }
    }
}

fn utf8(word: &[u8]) -> Result<&str, String> {
    str::from_utf8(word).map_err(|_| format!("`{}` is not UTF-8", word.escape_ascii()))
}
