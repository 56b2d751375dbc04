//! A Yinuo to which nobody signs in: opened by an operator's command, or served without an identity provider.

use yinuo_domain::PersonId;
use yinuo_service::{Offered, SignIn};

/// Offers nobody and vouches for nobody.
pub(crate) struct Nobody;

impl SignIn for Nobody {
    fn offered(&self) -> Vec<Offered> {
        Vec::new()
    }

    fn person(&self, _: &str) -> Option<PersonId> {
        None
    }
}
