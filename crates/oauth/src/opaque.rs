//! Texts that prove something by being unguessable: codes, tokens, request URIs.
//!
//! What is stored is the SHA-256 of the text: it finds the row, and whoever reads the store holds no token.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use std::fmt;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::OAuthError;
use crate::error::OAuthErrorCode;

/// How many characters 32 bytes have in base64url.
const BODY_LEN: usize = 43;

/// What an [`Opaque`] is for. Its prefix says so, which lets secret scanners find one that leaked.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum TokenKind {
    /// An authorization code, `yac_…`.
    Code,
    /// An access token, `yat_…`.
    Access,
    /// A refresh token, `yrt_…`.
    Refresh,
    /// A browser's session at the pages, `yse_…`. No client ever holds one.
    Session,
    /// A browser on its way through the identity provider, `ysi_…`. No client ever holds one.
    SignIn,
    /// A browser of staff after the first factor and before the second, `ysp_…`. No client ever holds one.
    StaffPending,
    /// A browser's session of staff, `yss_…`. No client ever holds one.
    StaffSession,
}

impl TokenKind {
    /// Every one.
    pub const EVERY: [Self; 7] = [
        Self::Code,
        Self::Access,
        Self::Refresh,
        Self::Session,
        Self::SignIn,
        Self::StaffPending,
        Self::StaffSession,
    ];

    /// What the text begins with.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Code => "yac_",
            Self::Access => "yat_",
            Self::Refresh => "yrt_",
            Self::Session => "yse_",
            Self::SignIn => "ysi_",
            Self::StaffPending => "ysp_",
            Self::StaffSession => "yss_",
        }
    }
}

/// An unguessable token: a prefix and 32 random bytes in base64url.
#[derive(Clone)]
pub struct Opaque {
    kind: TokenKind,
    text: Zeroizing<String>,
}

impl Opaque {
    /// A token from 32 bytes nobody can guess.
    pub fn new(kind: TokenKind, random: [u8; 32]) -> Self {
        let random = Zeroizing::new(random);
        let body = Zeroizing::new(URL_SAFE_NO_PAD.encode(random.as_slice()));
        Self { kind, text: Zeroizing::new([kind.prefix(), body.as_str()].concat()) }
    }

    /// A token of any kind; nothing for a text that cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        let kind = TokenKind::EVERY.into_iter().find(|kind| text.starts_with(kind.prefix()))?;
        let body = text.strip_prefix(kind.prefix())?;
        is_32_bytes(body).then(|| Self { kind, text: Zeroizing::new(text.to_owned()) })
    }

    /// A token of this kind; nothing for any other text.
    pub fn parse_as(kind: TokenKind, text: &str) -> Option<Self> {
        Self::parse(text).filter(|token| token.kind == kind)
    }

    /// What it is for.
    pub fn kind(&self) -> TokenKind {
        self.kind
    }

    /// The text, for the one answer that hands it over.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What is stored instead of the text.
    pub fn key(&self) -> [u8; 32] {
        Sha256::digest(self.text.as_bytes()).into()
    }
}

impl PartialEq for Opaque {
    fn eq(&self, other: &Self) -> bool {
        self.text.as_bytes().ct_eq(other.text.as_bytes()).into()
    }
}

impl Eq for Opaque {}

impl fmt::Debug for Opaque {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}[secret]", self.kind)
    }
}

/// Names one pushed authorization request (RFC 9126 §2.2).
#[derive(Clone)]
pub struct RequestUri(Zeroizing<String>);

impl RequestUri {
    /// What the text begins with.
    pub const PREFIX: &'static str = "urn:ietf:params:oauth:request_uri:";

    /// A request URI from 32 bytes nobody can guess (RFC 9126 §7.1).
    pub fn new(random: [u8; 32]) -> Self {
        let random = Zeroizing::new(random);
        Self(Zeroizing::new([Self::PREFIX, &URL_SAFE_NO_PAD.encode(random.as_slice())].concat()))
    }

    /// The only other way in.
    pub fn parse(text: &str) -> Result<Self, OAuthError> {
        match text.strip_prefix(Self::PREFIX) {
            Some(body) if is_32_bytes(body) => Ok(Self(Zeroizing::new(text.to_owned()))),
            _ => Err(OAuthError::new(
                OAuthErrorCode::InvalidRequestUri,
                "request_uri is not one that the pushed authorization request endpoint returned",
            )),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is stored instead of the text.
    pub fn key(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

impl PartialEq for RequestUri {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for RequestUri {}

impl fmt::Debug for RequestUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RequestUri[secret]")
    }
}

/// Exactly one text for each 32 bytes: trailing bits that are not zero are refused.
fn is_32_bytes(body: &str) -> bool {
    body.len() == BODY_LEN && URL_SAFE_NO_PAD.decode(body).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_its_prefix_and_32_bytes() {
        for kind in TokenKind::EVERY {
            let token = Opaque::new(kind, [7; 32]);
            assert_eq!(
                token.as_str(),
                format!("{}BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc", kind.prefix())
            );
            assert_eq!(Opaque::parse(token.as_str()), Some(token.clone()));
            for other in TokenKind::EVERY {
                assert_eq!(Opaque::parse_as(other, token.as_str()).is_some(), other == kind);
            }
        }
        assert_ne!(Opaque::new(TokenKind::Code, [7; 32]), Opaque::new(TokenKind::Code, [8; 32]));
        assert_ne!(
            Opaque::new(TokenKind::Code, [7; 32]).key(),
            Opaque::new(TokenKind::Access, [7; 32]).key()
        );
    }

    #[test]
    fn the_key_is_the_sha_256_of_the_text() {
        let token = Opaque::new(TokenKind::Access, [0; 32]);
        let expected: [u8; 32] = Sha256::digest(format!("yat_{}", "A".repeat(43))).into();
        assert_eq!(token.key(), expected);
    }

    #[test]
    fn another_text_is_not_a_token() {
        let body = "A".repeat(43);
        #[rustfmt::skip]
        let cases = [
            String::new(), "yat_".to_owned(), body.clone(), format!("yzt_{body}"), format!("YAT_{body}"),
            format!("yat_{body}A"), format!("yat_{}", &body[1..]), format!("yat_{}=", &body[1..]),
            format!("yat_{}+", &body[1..]), format!("yat_{}一", &body[3..]), format!(" yat_{body}"),
            // The last character carries four bits of the value; two more must be zero.
            format!("yat_{}B", &body[1..]),
        ];
        for text in cases {
            assert_eq!(Opaque::parse(&text), None, "{text}");
            assert!(RequestUri::parse(&text).is_err());
        }
    }

    #[test]
    fn a_request_uri_comes_back() {
        let uri = RequestUri::new([7; 32]);
        assert_eq!(RequestUri::parse(uri.as_str()), Ok(uri.clone()));
        assert_eq!(uri.as_str().len(), RequestUri::PREFIX.len() + 43);
        assert!(RequestUri::parse(&uri.as_str()[1..]).is_err());
        assert!(RequestUri::parse(&format!("{}A", uri.as_str())).is_err());
    }

    #[test]
    fn secrets_are_not_printed() {
        assert_eq!(format!("{:?}", Opaque::new(TokenKind::Refresh, [1; 32])), "Refresh[secret]");
        assert_eq!(format!("{:?}", RequestUri::new([1; 32])), "RequestUri[secret]");
    }
}
