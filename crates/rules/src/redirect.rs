//! Where the browser may be sent back to.

/// Whether `uri` may be a redirect URI: absolute, without a fragment (RFC 6749 §3.1.2), and `https`, or `http` to a
/// loopback address (RFC 8252 §7.3; not `localhost`, §8.3). It is compared byte by byte later, so what could be
/// written in two ways (upper-case or Unicode hosts, user information) is refused here.
pub(crate) fn is_redirect_uri(uri: &str) -> bool {
    let (secure, rest) = match (uri.strip_prefix("https://"), uri.strip_prefix("http://")) {
        (Some(rest), _) => (true, rest),
        (None, Some(rest)) => (false, rest),
        (None, None) => return false,
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let Some((authority, path)) = rest.split_at_checked(end) else { return false };
    let Some((host, port)) = split_port(authority) else { return false };
    let loopback = matches!(host, "127.0.0.1" | "[::1]");
    (loopback || (secure && is_host_name(host))) && port.is_none_or(is_port) && is_path(path)
}

fn split_port(authority: &str) -> Option<(&str, Option<&str>)> {
    if let Some(port) = authority.strip_prefix("[::1]") {
        return match port.strip_prefix(':') {
            Some(port) => Some(("[::1]", Some(port))),
            None if port.is_empty() => Some(("[::1]", None)),
            None => None,
        };
    }
    Some(authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))))
}

fn is_host_name(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
    };
    host.len() <= 253 && host.contains('.') && host.split('.').all(label)
}

fn is_port(port: &str) -> bool {
    // "080" would be a second way to write 80.
    !port.starts_with('0') && port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok()
}

/// RFC 3986 §3.3 and §3.4: path and query, whose characters are all ASCII; `#` would begin a fragment.
fn is_path(path: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?%".contains(&b);
    path.bytes().all(allowed)
}
