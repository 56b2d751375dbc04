//! What follows from a presented refresh token: rotation with reuse detection (RFC 9700 §4.14.2).
//!
//! The store keeps, for each family that began with one code, which token is its newest, and changes it in one
//! conditional write. Here is only what follows from what that write found.

/// What the store found for a presented refresh token.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum RefreshState {
    /// The newest of its family, in time, presented by the client it was issued to.
    Newest,
    /// It was rotated before: either the client or a thief holds a copy, and nobody can tell which.
    Superseded,
    /// Its time, or its grant's, is over.
    Expired,
    /// Its family was ended.
    Revoked,
    /// It was issued to another client.
    OtherClient,
    /// No such token was ever issued, or it is long forgotten.
    Unknown,
}

impl RefreshState {
    /// Every one.
    pub const EVERY: [Self; 6] =
        [Self::Newest, Self::Superseded, Self::Expired, Self::Revoked, Self::OtherClient, Self::Unknown];
}

/// What is to be done.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Rotation {
    /// Issue the next pair of tokens.
    Issue,
    /// Refuse, and end every token of the family.
    EndFamily,
    /// Refuse.
    Refuse,
}

/// What follows from what was found. Every refusal is the same `invalid_grant` to the client.
pub fn rotation(found: RefreshState) -> Rotation {
    match found {
        RefreshState::Newest => Rotation::Issue,
        // A token that another client presents has leaked, too.
        RefreshState::Superseded | RefreshState::OtherClient => Rotation::EndFamily,
        RefreshState::Expired | RefreshState::Revoked | RefreshState::Unknown => Rotation::Refuse,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_newest_token_is_rotated_and_a_copy_ends_the_family() {
        for state in RefreshState::EVERY {
            assert_eq!(rotation(state) == Rotation::Issue, state == RefreshState::Newest, "{state:?}");
        }
        assert_eq!(rotation(RefreshState::Superseded), Rotation::EndFamily);
        assert_eq!(rotation(RefreshState::OtherClient), Rotation::EndFamily);
        assert_eq!(rotation(RefreshState::Unknown), Rotation::Refuse);
    }
}
