//! Errors as people read them.

/// An error with its causes, but for those whose words it has in its own already.
#[must_use]
pub fn in_full(error: &anyhow::Error) -> String {
    error.chain().fold(String::new(), |said, cause| {
        let cause = cause.to_string();
        match said.as_str() {
            "" => cause,
            said if said.contains(&cause) => said.to_owned(),
            said => format!("{said}: {cause}"),
        }
    })
}

#[cfg(test)]
mod tests {
    use std::io;

    use anyhow::Context;

    use super::*;

    #[test]
    fn a_cause_is_told_once() {
        let denied = || Err::<(), _>(io::Error::other("denied"));
        let error = denied().context("reading x: denied").unwrap_err();
        assert_eq!(in_full(&error), "reading x: denied");
        let error = denied().context("reading x").context("starting");
        assert_eq!(in_full(&error.unwrap_err()), "starting: reading x: denied");
    }
}
