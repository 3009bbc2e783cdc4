//! Labels of pods, as a selector of Kubernetes takes them.

use std::collections::BTreeMap;
use std::str::FromStr;

use eastwest_mesh::Hostname;

use super::error::RenderError;

/// `KEY=VALUE`, or `PREFIX/KEY=VALUE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PodLabel {
    key: String,
    value: String,
}

impl FromStr for PodLabel {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (key, value) = text
            .split_once('=')
            .ok_or("a label is KEY=VALUE, such as app=shop")?;
        let (prefix, name) = match key.split_once('/') {
            Some((prefix, name)) => (Some(prefix), name),
            None => (None, key),
        };
        let is_domain = |prefix: &str| {
            let read = prefix.parse::<Hostname>();
            !prefix.contains('_') && read.is_ok_and(|read| read.as_str() == prefix)
        };
        if !prefix.is_none_or(is_domain) || !is_name(name) {
            return Err(
                "the key of a label is at most 63 letters, digits, -, _ and ., has a letter or digit \
                        at its ends, and may have a domain and / before it",
            );
        }
        if !value.is_empty() && !is_name(value) {
            return Err(
                "the value of a label is at most 63 letters, digits, -, _ and ., and has a letter or \
                        digit at its ends",
            );
        }
        Ok(Self {
            key: key.to_owned(),
            value: value.to_owned(),
        })
    }
}

/// Kubernetes, "Labels and Selectors: Syntax and character set".
fn is_name(text: &str) -> bool {
    let end = |c: char| c.is_ascii_alphanumeric();
    let inner = |c: char| end(c) || "-_.".contains(c);
    text.len() <= 63 && text.starts_with(end) && text.ends_with(end) && text.chars().all(inner)
}

/// What a selector takes: a pod has one value for a key.
pub(super) fn by_key(labels: &[PodLabel]) -> Result<BTreeMap<&str, &str>, RenderError> {
    let mut by_key = BTreeMap::new();
    for PodLabel { key, value } in labels {
        if by_key.insert(key.as_str(), value.as_str()).is_some() {
            return Err(RenderError::LabelTwice(key.clone()));
        }
    }
    Ok(by_key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_those_that_kubernetes_takes() {
        let long = "a".repeat(63);
        for label in [
            "app=shop",
            "app=",
            "example.com/App_1.x=V-2",
            &format!("{long}={long}"),
        ] {
            assert!(label.parse::<PodLabel>().is_ok(), "{label}");
        }
        for label in [
            "app",
            "=shop",
            "app=a b",
            "app==a",
            "app=-a",
            "a b=c",
            "/app=a",
            "example.com/=a",
            "a/b/c=d",
            "Example.com/app=a",
            "an_example.com/app=a",
            "app=é",
            &format!("a{long}=b"),
            &format!("a=b{long}"),
        ] {
            assert!(label.parse::<PodLabel>().is_err(), "{label}");
        }
    }
}
