//! `eastwest version`: which program this is, of what it was built, and what it can do here.

use std::io::{self, Write};

use clap::ValueEnum;
use eastwest_daemon::Build;
use eastwest_transport::tls::{Offered, aes_in_hardware, offered};
use serde::Serialize;

/// Flags of `eastwest version`.
#[derive(Debug, clap::Args)]
pub struct VersionArgs {
    /// How to print
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "text")]
    output: Output,
    /// The same as --output json
    #[arg(long, conflicts_with = "output")]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    /// A line for each thing
    Text,
    /// One object
    Json,
}

/// All that is said. Fields are added from version to version and never change their meaning.
#[derive(Debug, Serialize)]
struct Version {
    program: &'static str,
    #[serde(flatten)]
    build: Build,
    tls: Tls,
    features: Vec<&'static str>,
}

#[derive(Debug, Serialize)]
struct Tls {
    library: &'static str,
    cryptography: &'static str,
    aes_in_hardware: bool,
    key_exchanges: Vec<String>,
    cipher_suites: Vec<String>,
}

impl Version {
    fn of_this() -> Self {
        let Offered {
            key_exchanges,
            cipher_suites,
        } = offered();
        Self {
            program: "eastwest",
            build: Build::THIS,
            tls: Tls {
                library: concat!("rustls ", env!("EASTWEST_BUILD_RUSTLS")),
                cryptography: concat!("aws-lc-rs ", env!("EASTWEST_BUILD_AWS_LC_RS")),
                aes_in_hardware: aes_in_hardware(),
                key_exchanges,
                cipher_suites,
            },
            features: features(),
        }
    }
}

/// In what builds of one version differ.
fn features() -> Vec<&'static str> {
    let all = [
        ("debug-assertions", cfg!(debug_assertions)),
        // Its gateway may hold a key, to be asked by `doctor`; eastwest-gateway has no TLS.
        ("gateway-probe", true),
        ("jemalloc", true),
        ("static-c-library", cfg!(target_feature = "crt-static")),
    ];
    let built_in = all.into_iter().filter(|(_, is)| *is);
    built_in.map(|(name, _)| name).collect()
}

pub(super) fn print(args: &VersionArgs, out: &mut impl Write) -> io::Result<()> {
    let version = Version::of_this();
    if args.json || args.output == Output::Json {
        serde_json::to_writer_pretty(&mut *out, &version)?;
        return writeln!(out);
    }
    let Version {
        program,
        build,
        tls,
        features,
    } = version;
    let aes = match tls.aes_in_hardware {
        true => "by instructions of this CPU",
        false => "by this CPU's common instructions, which is slow",
    };
    writeln!(out, "{program} {}", build.version)?;
    let commit = build.commit.unwrap_or("not told to the build");
    for (name, value) in [
        ("commit", commit),
        ("rustc", build.rustc),
        ("target", build.target),
        ("TLS", &format!("{}, {}", tls.library, tls.cryptography)),
        ("AES", aes),
        ("key exchange", &tls.key_exchanges.join(", ")),
        ("features", &features.join(", ")),
    ] {
        writeln!(out, "  {name:<13} {value}")?;
    }
    Ok(())
}
