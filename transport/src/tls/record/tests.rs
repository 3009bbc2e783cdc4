//! Our records against those of rustls.

mod broken;
mod exchanged;
mod peers;
