//! The packs of this program: embedded, parsed once, hashed.

use std::{fmt, sync::LazyLock};

use serde::{Deserialize, Serialize};
use yinuo_domain::{Digest, Engine, LocalText, Suite};

use crate::{Catalogue, Necessary, content_hash};

pub(crate) const ITEMS: &str = include_str!("../../../rules/items.toml");
pub(crate) const NECESSARY: &str = include_str!("../../../rules/necessary-information.toml");

/// What the regulation says, as data.
#[derive(Clone, Debug)]
pub struct Packs {
    /// Every item of personal information there is.
    pub catalogue: Catalogue,
    /// What the 39 categories of apps cannot do without.
    pub necessary: Necessary,
    hashes: Hashes,
}

/// The hashes of both packs, made once: every decision compares them with the engine in force.
#[derive(Clone, Debug)]
struct Hashes {
    guomi: [Digest; 2],
    international: [Digest; 2],
}

/// The packs of this program. A test reads them, so an error means a damaged build.
pub fn packs() -> Result<&'static Packs, PackError> {
    static PACKS: LazyLock<Result<Packs, PackError>> = LazyLock::new(|| Packs::parse(ITEMS, NECESSARY));
    PACKS.as_ref().map_err(Clone::clone)
}

impl Packs {
    /// Reads both packs and checks each rule, and that they fit together.
    pub(crate) fn parse(items: &'static str, necessary_text: &'static str) -> Result<Self, PackError> {
        let catalogue = Catalogue::parse(items)?;
        let necessary = Necessary::parse(necessary_text, &catalogue)?;
        let both = |suite| [items, necessary_text].map(|text| content_hash(suite, text.as_bytes()));
        let hashes = Hashes { guomi: both(Suite::Guomi), international: both(Suite::International) };
        Ok(Self { catalogue, necessary, hashes })
    }

    /// Every pack's text, as it is published and hashed.
    pub fn sources(&self) -> impl Iterator<Item = &'static [u8]> + use<> {
        [self.catalogue.source_bytes(), self.necessary.source_bytes()].into_iter()
    }

    /// These packs and decision version `decision`, as the fact that puts them in force names them.
    pub fn engine(&self, suite: Suite, decision: u16) -> Engine {
        let [items, necessary] = match suite {
            Suite::Guomi => self.hashes.guomi,
            Suite::International => self.hashes.international,
        };
        Engine { decision, items, necessary }
    }

    /// Whether `engine` names these packs. Its decision version is the business of `core`.
    pub fn matches(&self, suite: Suite, engine: &Engine) -> bool {
        *engine == self.engine(suite, engine.decision)
    }
}

/// What a pack says of itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pack {
    /// Its name in `yinuo rules show`.
    pub id: String,
    /// Counts up with every change of its rules.
    pub version: u32,
    /// ISO 3166-1 code of where it applies.
    pub jurisdiction: String,
    /// What it is called.
    pub title: LocalText,
    /// Since when its rules apply.
    pub in_force: Day,
    /// Whether its source was read.
    pub verified: bool,
}

/// A day, as `2021-05-01`. Ordered by time.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Day(String);

impl Day {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let read = toml::value::Datetime::deserialize(from)?;
        match (read.date, read.time, read.offset) {
            (Some(date), None, None) => Ok(Self(date.to_string())),
            _ => Err(serde::de::Error::custom("expected a day without a time")),
        }
    }
}

/// Why a pack is not usable.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PackError {
    /// Not TOML of the expected shape: a missing or unknown key, or an unknown word.
    #[error("rule pack {pack} cannot be read: {message}")]
    Shape {
        /// Which pack.
        pack: &'static str,
        /// What the parser says.
        message: String,
    },
    /// A rule that contradicts itself or another one.
    #[error("rule pack {pack} is wrong at {at}: {what}")]
    Rule {
        /// Which pack.
        pack: &'static str,
        /// Which rule.
        at: String,
        /// What is wrong.
        what: &'static str,
    },
}

#[cfg(test)]
mod tests;
