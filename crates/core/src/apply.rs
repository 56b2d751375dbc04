//! Folds facts into state. State is nothing but this.

use yinuo_domain::{Fact, Timestamp};

use crate::{Documents, Own, Platform, Stream, Undecidable};

impl Platform {
    /// Folds one fact of the platform log. Facts of other logs do not belong here and are refused.
    pub fn apply(&mut self, fact: &Fact, documents: &dyn Documents) -> Result<(), Undecidable> {
        let _ = (fact, documents);
        Ok(())
    }
}

impl Own {
    /// Folds one fact of a person's own stream.
    pub fn apply(&mut self, fact: &Fact) -> Result<(), Undecidable> {
        let _ = fact;
        Ok(())
    }
}

impl Stream {
    /// Folds one fact of a person's stream with an app, in log time. `platform` gives the declared periods.
    pub fn apply(
        &mut self,
        fact: &Fact,
        at: Timestamp,
        platform: &Platform,
        app: &yinuo_domain::AppId,
    ) -> Result<(), Undecidable> {
        let _ = (fact, at, platform, app);
        Ok(())
    }
}
