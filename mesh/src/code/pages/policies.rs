//! AuthorizationPolicy.

use super::{Code, CodePage, Example, Within};

pub(super) const PAGES: &[CodePage] = &[
    CodePage {
        code: Code::PolicyEmptyPart,
        title: "a part of a rule that is empty",
        happens: "It matches everyone, or nobody can say whom it was to match.",
        fix: "write what is meant, or take the part out",
        example: Example {
            within: Within::AuthorizationPolicy,
            wrong: r"rules:
- from: []
",
            right: r"rules:
- from:
  - source: {namespaces: [pxc]}
",
        },
    },
    CodePage {
        code: Code::PolicyPrincipal,
        title: "a principal with spiffe:// in front",
        happens: "Istio writes principals without it: this one matches nobody, so an ALLOW lets \
            nobody in and a DENY stops nobody.",
        fix: "write TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT",
        example: Example {
            within: Within::AuthorizationPolicy,
            wrong: r#"rules:
- from:
  - source: {principals: ["spiffe://cluster.local/ns/pxc/sa/db"]}
"#,
            right: r#"rules:
- from:
  - source: {principals: ["cluster.local/ns/pxc/sa/db"]}
"#,
        },
    },
    CodePage {
        code: Code::PolicyShape,
        title: "fields of a policy that exclude each other",
        happens: "The API server or istiod refuses the object.",
        fix: "keep one of them",
        example: Example {
            within: Within::AuthorizationPolicy,
            wrong: "action: CUSTOM\n",
            right: "action: ALLOW\n",
        },
    },
    CodePage {
        code: Code::PolicySelector,
        title: "a selector that is refused",
        happens: "The API server refuses wildcards, empty keys and values of more than 63 \
            characters.",
        fix: "write the label as the pods have it",
        example: Example {
            within: Within::AuthorizationPolicy,
            wrong: r#"selector: {matchLabels: {app: "db-*"}}
"#,
            right: "selector: {matchLabels: {app: db}}\n",
        },
    },
];
