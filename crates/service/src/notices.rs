//! What people are and were told: an app's notice, by its version or by the hash that a consent names.

use yinuo_domain::{AppId, Digest, LocalText};

use crate::gateway::read;
use crate::{Gateway, PageError};

/// A notice, for everybody to read and keep.
#[derive(Clone, Debug)]
pub struct NoticeView {
    /// The app it is about.
    pub app: AppId,
    /// What that is called.
    pub app_name: LocalText,
    /// Its version.
    pub version: u32,
    /// The text, Markdown.
    pub text: LocalText,
    /// The hash of the document it stands in, as consents and the log name it.
    pub document: Digest,
}

impl Gateway {
    /// The notice of this version while it is the current one, or the one with this hash, whenever it was current.
    pub fn notice(&self, app: &AppId, which: &str) -> Result<NoticeView, PageError> {
        let platform = self.platform();
        let known = platform.apps.get(app).ok_or(PageError::NotFound)?;
        let current = known.notice.as_ref().filter(|(document, notice)| {
            which == notice.version.to_string() || which == document.to_string()
        });
        let (document, notice) = match current {
            Some((document, notice)) => (*document, (**notice).clone()),
            None => {
                let document = Digest::parse(which).map_err(|_| PageError::NotFound)?;
                let bytes = read(self.parts.ledger.reader().document(&document))?;
                // Another kind of document, or of another app, is no notice of this one.
                let parsed = bytes.and_then(|bytes| yinuo_rules::parse_notice(&bytes).ok());
                (document, parsed.filter(|notice| notice.app == *app).ok_or(PageError::NotFound)?)
            }
        };
        Ok(NoticeView {
            app: app.clone(),
            app_name: known.declaration.name.clone(),
            version: notice.version,
            text: notice.text,
            document,
        })
    }
}
