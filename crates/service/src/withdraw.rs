//! A person takes back what they allowed: wholly, by purpose, item by item, or everywhere at once.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::task::Poll;

use yinuo_domain::{AppId, Command, Item, ItemSet, LocalText, Purpose, Refusal, Salt, WithdrawalScope};
use yinuo_ledger::{Answered, Submission};

use crate::gateway::read;
use crate::{Gateway, PageError, Session};

/// How much is taken back from one app.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Withdrawing {
    /// Everything this app may receive.
    Whole,
    /// Everything it may receive for this purpose, by its id.
    Purpose(String),
    /// These: purpose id and item id.
    Items(Vec<(String, String)>),
}

/// How much is taken back from all apps at once.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Everywhere {
    /// Everything.
    Everything,
    /// One item, by its id.
    Item(String),
}

/// What became of a withdrawal from one app, when several are withdrawn from at once.
#[derive(Clone, Debug)]
pub struct Withdrawal {
    /// The app.
    pub app: AppId,
    /// What it is called.
    pub app_name: LocalText,
    /// Whether it holds. If not, the app may still receive what it could before.
    pub holds: bool,
}

impl Gateway {
    /// Takes back. When this returns, nothing that was allowed before can still leave.
    pub async fn withdraw(&self, session: &Session, app: &AppId, what: Withdrawing) -> Result<(), PageError> {
        let scope = match what {
            Withdrawing::Whole => WithdrawalScope::Whole,
            Withdrawing::Purpose(id) => {
                let purpose = self.purpose_by_id(&id).ok_or(PageError::NotFound)?;
                let found = read(self.parts.ledger.reader().stream(session.subject, app))?;
                let grant = found.and_then(|(_, stream)| stream.grant).ok_or(PageError::NotFound)?;
                let granted = grant.purposes.get(&purpose).ok_or(PageError::NotFound)?;
                WithdrawalScope::Items(vec![(purpose, granted.items)])
            }
            Withdrawing::Items(parts) => WithdrawalScope::Items(self.parts_of(&parts)?),
        };
        self.take_back(session, app, scope).await
    }

    /// Takes back from every app that may receive something: a fact for each, all asked for at once, so that none waits
    /// for another. What failed is named, and the rest holds.
    pub async fn withdraw_everywhere(
        &self,
        session: &Session,
        what: &Everywhere,
    ) -> Result<Vec<Withdrawal>, PageError> {
        let item = match what {
            Everywhere::Everything => None,
            Everywhere::Item(id) => Some(self.catalogue().by_id(id).ok_or(PageError::NotFound)?.item),
        };
        let platform = self.platform();
        let mut asked = Vec::new();
        for (id, stream) in read(self.parts.ledger.reader().streams(session.subject))? {
            let (Some(app), Some(grant)) = (id.app, stream.grant) else { continue };
            let Some(scope) = scope_of(&grant, item) else { continue };
            let known = platform.apps.get(&app).map(|known| known.declaration.name.clone());
            let app_name = known.unwrap_or_else(|| LocalText { zh: app.to_string(), en: app.to_string() });
            asked.push(async move {
                let taken = self.take_back(session, &app, scope).await;
                if let Err(error) = &taken {
                    tracing::error!(%error, %app, "a withdrawal among several was not recorded");
                }
                Withdrawal { holds: taken.is_ok(), app, app_name }
            });
        }
        Ok(together(asked).await)
    }

    async fn take_back(
        &self,
        session: &Session,
        app: &AppId,
        scope: WithdrawalScope,
    ) -> Result<(), PageError> {
        let held = self.hold(session.subject)?.ok_or(PageError::NotFound)?;
        let tag = self.tag(&held, app);
        let command = Command::Withdraw { subject: held.subject, app: app.clone(), tag, scope };
        match self.submit(Submission::new(command, Salt(self.random()?))).await? {
            Answered::Done => Ok(()),
            // Taking back twice is not a mistake: it is taken back.
            Answered::Refused(Refusal::AlreadyWithdrawn | Refusal::NothingToWithdraw) => Ok(()),
            Answered::Refused(Refusal::NoGrant) => Err(PageError::NotFound),
            Answered::Refused(refusal) => Err(PageError::Refused(refusal)),
            Answered::Released { .. } | Answered::Viewed(_) | Answered::Withheld { .. } => {
                Err(PageError::NotFound)
            }
        }
    }

    fn purpose_by_id(&self, id: &str) -> Option<Purpose> {
        let platform = self.platform();
        platform.purposes.iter().find(|(_, known)| known.as_str() == id).map(|(code, _)| *code)
    }

    fn parts_of(&self, parts: &[(String, String)]) -> Result<Vec<(Purpose, ItemSet)>, PageError> {
        let mut taken: BTreeMap<Purpose, ItemSet> = BTreeMap::new();
        for (purpose, item) in parts {
            let (Some(purpose), Some(entry)) = (self.purpose_by_id(purpose), self.catalogue().by_id(item))
            else {
                return Err(PageError::NotFound);
            };
            taken.entry(purpose).or_default().insert(entry.item);
        }
        Ok(taken.into_iter().collect())
    }
}

/// What there is to take back from one app: all of it, or one item for whatever purpose.
fn scope_of(grant: &yinuo_core::Grant, item: Option<Item>) -> Option<WithdrawalScope> {
    let Some(item) = item else { return (!grant.allows_nothing()).then_some(WithdrawalScope::Whole) };
    let holding = grant.purposes.iter().filter(|(_, granted)| granted.items.contains(item));
    let parts: Vec<_> = holding.map(|(code, _)| (*code, ItemSet::from_iter([item]))).collect();
    (!parts.is_empty()).then_some(WithdrawalScope::Items(parts))
}

/// Waits for all of them at once; answers in their order.
async fn together<T>(futures: Vec<impl Future<Output = T>>) -> Vec<T> {
    let mut waiting: Vec<(Pin<Box<_>>, Option<T>)> =
        futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        for (future, answer) in waiting.iter_mut().filter(|(_, answer)| answer.is_none()) {
            if let Poll::Ready(ready) = future.as_mut().poll(context) {
                *answer = Some(ready);
            }
        }
        if waiting.iter().all(|(_, answer)| answer.is_some()) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    waiting.into_iter().filter_map(|(_, answer)| answer).collect()
}
