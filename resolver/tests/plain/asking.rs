//! A question, field by field, so that each can be odd.

/// As it goes over the wire.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) id: u16,
    pub(crate) flags: u16,
    /// Of questions, answers, authorities and additional records.
    pub(crate) counts: [u16; 4],
    pub(crate) name: String,
    pub(crate) kind: u16,
    pub(crate) class: u16,
    /// What stands behind the question.
    pub(crate) rest: Vec<u8>,
}

pub(crate) const RD: u16 = 0x0100;

impl Asked {
    pub(crate) fn new(name: &str, kind: u16) -> Self {
        Self {
            id: 0x0bad,
            flags: RD,
            counts: [1, 0, 0, 0],
            name: name.to_owned(),
            kind,
            class: 1,
            rest: Vec::new(),
        }
    }

    pub(crate) fn with_opt(mut self, record: Vec<u8>) -> Self {
        self.counts[3] += 1;
        self.rest.extend(record);
        self
    }

    pub(crate) fn octets(&self) -> Vec<u8> {
        let fields = [self.id, self.flags].into_iter().chain(self.counts);
        let mut octets: Vec<u8> = fields.flat_map(u16::to_be_bytes).collect();
        for label in self.name.split('.').filter(|label| !label.is_empty()) {
            octets.push(label.len().try_into().unwrap());
            octets.extend_from_slice(label.as_bytes());
        }
        octets.push(0);
        octets.extend_from_slice(&self.kind.to_be_bytes());
        octets.extend_from_slice(&self.class.to_be_bytes());
        octets.extend_from_slice(&self.rest);
        octets
    }
}

/// An OPT record with the second half of its time to live and its options.
pub(crate) fn opt(payload: u16, flags: u16, options: &[u8]) -> Vec<u8> {
    let mut record = vec![0, 0, 41];
    record.extend_from_slice(&payload.to_be_bytes());
    record.extend_from_slice(&[0, 0]);
    record.extend_from_slice(&flags.to_be_bytes());
    record.extend_from_slice(&u16::try_from(options.len()).unwrap().to_be_bytes());
    record.extend_from_slice(options);
    record
}

/// One option as it stands in an OPT record.
pub(crate) fn option(code: u16, data: &[u8]) -> Vec<u8> {
    let mut option = code.to_be_bytes().to_vec();
    option.extend_from_slice(&u16::try_from(data.len()).unwrap().to_be_bytes());
    option.extend_from_slice(data);
    option
}
