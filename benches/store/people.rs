//! Any number of invented people, each with a grant to the courier.

use std::collections::VecDeque;
use std::path::Path;

use yinuo_benches::seal;
use yinuo_domain::*;
use yinuo_ledger::*;

use crate::world::{self, BASIC, DELIVERY, EXTRA, OFFERS, TestRandom, World, courier, items, mix};

/// How many facts are under way at once while the crowd grows.
const CHUNK: u32 = 2_000;

/// A ledger and the people in it.
pub struct Crowd(World);

/// One of them.
#[derive(Clone, Copy)]
pub struct Person(pub u32);

impl Person {
    fn bytes(self, what: u64) -> [u8; 16] {
        let seed = u64::from(self.0) << 8 | what << 48;
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&mix(seed).to_le_bytes());
        bytes[8..].copy_from_slice(&mix(seed | 1).to_le_bytes());
        bytes
    }

    fn subject(self) -> SubjectKey {
        SubjectKey(self.bytes(1))
    }

    /// In the shard of the surrogate.
    fn index(self) -> [u8; 16] {
        let mut index = self.bytes(2);
        index[0] = self.subject().0[0];
        index
    }

    fn own(self) -> Tag {
        Tag(self.bytes(3))
    }

    fn tag(self) -> Tag {
        Tag(self.bytes(4))
    }
}

impl Crowd {
    /// What is in the directory, or a new platform with the courier.
    pub fn open(directory: &Path) -> Self {
        // No two starts over one store may draw the same.
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let random = TestRandom::new(since.map_or(1, |since| since.as_nanos() as u64 >> 10));
        let place = SqliteStore::new(directory).sealed(seal(world::settings().suite));
        let world = World::open_with(place, world::settings(), world::signers(), world::clock(), random);
        let world = world.expect("a store of this program, or none");
        if world.reader().platform().apps.is_empty() {
            world.furnish();
        }
        Self(world)
    }

    /// Enrols these, and has each of them allow everything.
    pub fn grow(&self, from: u32, to: u32) {
        for first in (from..to).step_by(CHUNK as usize) {
            let chunk = || (first..to.min(first + CHUNK)).map(Person);
            self.all_done(chunk().map(|person| self.enrol(person)));
            self.all_done(chunk().map(|person| self.0.submission(self.consent(person))));
        }
    }

    fn all_done(&self, submissions: impl Iterator<Item = Submission>) {
        let open: Vec<_> = submissions.map(|submission| self.0.ledger.submit(submission)).collect();
        for pending in open {
            let answered = pending.wait().expect("the store works");
            assert!(matches!(answered, Answered::Done), "{answered:?}");
        }
    }

    fn enrol(&self, person: Person) -> Submission {
        let add = Write::AddPerson {
            index: person.index(),
            subject: person.subject(),
            keys: vec![7; 60],
            guardian_required: false,
            epoch: 1,
        };
        let command = Command::Enrol { subject: person.subject(), own: person.own(), values: Vec::new() };
        Submission { writes: vec![add], ..self.0.submission(command) }
    }

    fn consent(&self, person: Person) -> Command {
        let platform = self.0.reader().platform();
        let app = &platform.apps[&courier()];
        let choice = |purpose, ids| Choice { purpose, shown: items(ids), chosen: items(ids) };
        Command::GiveConsent {
            subject: person.subject(),
            own: person.own(),
            app: courier(),
            tag: person.tag(),
            choices: vec![choice(DELIVERY, BASIC), choice(OFFERS, EXTRA)],
            notice: app.notice.as_ref().map_or(Digest([0; 32]), |(hash, _)| *hash),
            fingerprint: app.fingerprint,
            expires_at: world::START.after_ms(365 * Timestamp::DAY_MS),
            evidence: Commitment([3; 32]),
            guardian: Guardian::NotRequired,
        }
    }

    /// The courier asks for what a delivery needs.
    pub fn ask(&self, person: Person) -> Pending<Result<Answered, LedgerError>> {
        let items = items(BASIC);
        let command = Command::Disclose {
            subject: person.subject(),
            app: courier(),
            tag: person.tag(),
            purpose: DELIVERY,
            items,
            partial: false,
            stored: items,
            values: Commitment([4; 32]),
            guardian_required: false,
            request: Commitment([5; 32]),
            disclosure: DisclosureId(self.0.bytes()),
            idempotency: None,
        };
        self.0.ledger.submit(self.0.submission(command))
    }

    /// So many disclosures, about one person after the other, with so many waiting.
    pub fn disclose(&self, people: u32, count: u32, waiting: usize) {
        let mut open = VecDeque::with_capacity(waiting);
        for number in 0..count {
            open.push_back(self.ask(Person(number % people)));
            if waiting <= open.len() || number + 1 == count {
                released(open.pop_front());
            }
        }
        open.into_iter().for_each(|pending| released(Some(pending)));
    }

    /// Closes the store, which takes the write-ahead log into it, and gives the bytes of all its files.
    pub fn close_and_weigh(self, directory: &Path) -> u64 {
        let World { ledger, .. } = self.0;
        ledger.close();
        let files = std::fs::read_dir(directory).expect("a directory").flatten();
        files.map(|file| file.metadata().map_or(0, |known| known.len())).sum()
    }
}

fn released(pending: Option<Pending<Result<Answered, LedgerError>>>) {
    let answered = pending.expect("somebody waits").wait().expect("the store works");
    assert!(matches!(&answered, Answered::Released { withheld, .. } if withheld.is_empty()), "{answered:?}");
}
