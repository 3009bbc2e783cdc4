//! What the source has written before any replica comes.

use anyhow::Context;
use eastwest::mysql::{Client, LogPosition};

use crate::args::Size;

/// The database that is written to.
pub(crate) const DATABASE: &str = "catch_up";

/// In words; half of the bytes are large rows, most transactions are small.
pub(crate) const MIX: &str = "of each 111 transactions 100 insert one row of 120 bytes, \
                              10 insert 20 rows of 1,000 bytes, 1 inserts a row of 256 KiB";

/// Tables, and a procedure that writes 111 transactions.
const SETUP: &str = "
    CREATE DATABASE catch_up;
    USE catch_up;
    CREATE TABLE payments (
      id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
      account INT UNSIGNED NOT NULL,
      amount DECIMAL(12,2) NOT NULL,
      note VARCHAR(200) NOT NULL);
    CREATE TABLE orders (
      id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
      body VARBINARY(1000) NOT NULL);
    CREATE TABLE documents (
      id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
      body MEDIUMBLOB NOT NULL);
    DELIMITER //
    CREATE PROCEDURE part() BEGIN
      DECLARE n INT DEFAULT 0;
      WHILE n < 100 DO
        INSERT INTO payments (account, amount, note) VALUES (n, n / 7, REPEAT('payment ', 13));
        SET n = n + 1;
      END WHILE;
      WHILE n < 110 DO
        INSERT INTO orders (body) VALUES ROWS;
        SET n = n + 1;
      END WHILE;
      INSERT INTO documents (body) VALUES (REPEAT(RANDOM_BYTES(1024), 256));
    END//
    DELIMITER ;
    CALL part()";

/// What was written.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    /// All bytes of the source's log.
    pub(crate) bytes: u64,
    /// Its end.
    pub(crate) end: LogPosition,
    /// Everything in it, as the server writes it.
    pub(crate) gtids: String,
    /// Transactions of the mix.
    pub(crate) transactions: u64,
}

/// Writes until the log has this size.
///
/// # Errors
/// When the source refuses.
pub(crate) fn write(source: &Client, size: Size) -> anyhow::Result<Written> {
    let rows = ["(RANDOM_BYTES(1000))"; 20].join(", ");
    let mut session = source.session()?;
    session.sql(&SETUP.replace("ROWS", &rows))?;
    let mut parts = 1;
    let bytes = loop {
        let logs = session.sql("SHOW BINARY LOGS")?;
        let sizes = logs.iter().map(|log| {
            let size = log.get(1).context("SHOW BINARY LOGS without a size")?;
            Ok(size.parse::<u64>()?)
        });
        let bytes = sizes.sum::<anyhow::Result<u64>>()?;
        if bytes >= size.0 {
            break bytes;
        }
        session.sql("CALL part()")?;
        parts += 1;
    };
    Ok(Written {
        bytes,
        end: LogPosition::end_of(source)?,
        gtids: source.committed()?,
        transactions: parts * 111,
    })
}
