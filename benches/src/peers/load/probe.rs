//! Whether a path carries anything yet.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::request::{LENGTH, answer};
use super::{PATIENCE, Path, Tally, run, serve};

/// A program that takes a connection before it is ready may let it wait this long.
const WAIT: Duration = Duration::from_secs(1);

/// Whether 64 bytes come back.
///
/// # Errors
/// When the server cannot be put up.
pub(crate) fn carries(path: &Path) -> anyhow::Result<bool> {
    run(PATIENCE, async {
        let preamble = path.preamble().len();
        let tally = Tally::default();
        serve(path.listen()?, &tally, move |stream| {
            answer(stream, preamble)
        });
        let there_and_back = async {
            let mut stream = path.connect().await?;
            stream.write_all(path.preamble()).await?;
            stream.write_all(&[3; LENGTH]).await?;
            let mut came = [0; LENGTH];
            stream.read_exact(&mut came).await?;
            anyhow::Ok(came == [3; LENGTH])
        };
        let came = timeout(WAIT, there_and_back).await;
        Ok(matches!(came, Ok(Ok(true))))
    })
}
