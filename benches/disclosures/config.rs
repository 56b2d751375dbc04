//! The part of the program's settings that its connections read.

pub struct Config {
    pub listen: Listen,
}

pub struct Listen {
    pub connections_max: u64,
    pub head_timeout_s: u64,
    pub body_timeout_s: u64,
    pub leave_timeout_s: u64,
}
