//! Any text: what parses as a server name prints as the same name, normalised.

use eastwest_transport::sni::Sni;

pub(crate) fn check(bytes: &[u8]) {
    let Ok(name) = std::str::from_utf8(bytes) else {
        return;
    };
    let Ok(sni) = name.parse::<Sni>() else { return };
    let normal = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    assert_eq!(sni.to_string(), normal);
    assert_eq!(normal.parse(), Ok(sni));
}
