//! What a workload writes. Row images are replicated, so random values are as good as any.

/// `orders` has generated keys, `accounts` is updated, `journal` shrinks as it grows, `documents`
/// has big binary rows.
pub(super) const TABLES: &str = "
    CREATE DATABASE IF NOT EXISTS workload;
    USE workload;
    CREATE TABLE IF NOT EXISTS orders (
      id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
      round INT UNSIGNED NOT NULL,
      customer VARCHAR(64) NOT NULL,
      amount DECIMAL(12,2) NOT NULL,
      note VARCHAR(200) NULL,
      made DATETIME(6) NOT NULL);
    CREATE TABLE IF NOT EXISTS accounts (
      name VARCHAR(64) PRIMARY KEY,
      balance DECIMAL(14,2) NOT NULL,
      changes INT UNSIGNED NOT NULL);
    CREATE TABLE IF NOT EXISTS journal (
      round INT UNSIGNED NOT NULL,
      line INT UNSIGNED NOT NULL,
      text VARCHAR(100) NOT NULL,
      PRIMARY KEY (round, line));
    CREATE TABLE IF NOT EXISTS documents (
      round INT UNSIGNED NOT NULL,
      part INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
      body LONGBLOB NOT NULL)";

/// Accounts that there are.
const ACCOUNTS: u32 = 16;
/// Orders of one round.
const BATCH: u32 = 20;
/// Rounds that stay in the journal.
const JOURNAL: u32 = 10;
/// One big row in so many rounds, the first round among them.
const BIG_EVERY: u32 = 20;

/// The transactions of a round.
pub(super) fn round(round: u32, big_row: u32) -> Vec<String> {
    let account = round % ACCOUNTS;
    let mut transactions = vec![
        orders(round),
        format!(
            "INSERT INTO accounts VALUES ('account-{account}', {round}.25, 1)
             ON DUPLICATE KEY UPDATE balance = balance + {round}.25, changes = changes + 1"
        ),
        // Several tables and both directions in one transaction.
        format!(
            "START TRANSACTION;
             UPDATE accounts SET balance = balance - 1, changes = changes + 1
               WHERE name = 'account-{account}';
             UPDATE orders SET note = CONCAT('checked in round ', {round})
               WHERE note IS NULL ORDER BY id LIMIT 5;
             DELETE FROM orders WHERE round + 50 < {round} ORDER BY id LIMIT 3;
             COMMIT"
        ),
        format!(
            "REPLACE INTO journal VALUES ({round}, 1, 'line one, tab\\there'),
               ({round}, 2, 'Zeile zwei: \u{e4}\u{f6}\u{fc} \u{1f42c}')"
        ),
        format!("DELETE FROM journal WHERE round + {JOURNAL} < {round}"),
    ];
    if round.is_multiple_of(BIG_EVERY) {
        transactions.push(big_row_of(round, big_row));
    }
    transactions
}

fn orders(round: u32) -> String {
    let rows: Vec<String> = (0..BATCH)
        .map(|n| {
            format!(
                "({round}, 'customer-{}', {n}.{:02}, NULL, NOW(6))",
                (round + n) % 97,
                n % 100
            )
        })
        .collect();
    format!(
        "INSERT INTO orders (round, customer, amount, note, made) VALUES {}",
        rows.join(", ")
    )
}

/// Random in its first kilobyte, then repeated: made fast, and no two rows alike.
fn big_row_of(round: u32, bytes: u32) -> String {
    format!(
        "INSERT INTO documents (round, body)
         VALUES ({round}, LEFT(REPEAT(RANDOM_BYTES(1024), {}), {bytes}))",
        bytes / 1024 + 1
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_round_has_as_many_transactions_as_documented() {
        assert_eq!(round(0, 1).len(), 6);
        assert_eq!(round(1, 1).len(), 5);
        assert_eq!(round(20, 1).len(), 6);
    }
}
