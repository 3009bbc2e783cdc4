//! Any text: what parses as a server name prints as the same name, normalised.
#![no_main]

use eastwest_transport::sni::Sni;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|name: &str| {
    let Ok(sni) = name.parse::<Sni>() else { return };
    let normal = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    assert_eq!(sni.to_string(), normal);
    assert_eq!(normal.parse(), Ok(sni));
});
