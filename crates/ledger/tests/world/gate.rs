//! A signer that can be made to wait, and so holds the sequencer within a batch.

use std::sync::{Arc, Condvar, Mutex};

use yinuo_ledger::*;
use yinuo_tlog::VerifierKey;

#[derive(Clone)]
pub struct Gate(Arc<Inner>);

struct Inner {
    signer: Arc<dyn HeadSigner>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    shut: bool,
    reached: bool,
}

struct Gated(Gate);

impl Gate {
    pub fn new(signer: Arc<dyn HeadSigner>) -> Self {
        Self(Arc::new(Inner { signer, state: Mutex::default(), changed: Condvar::new() }))
    }

    pub fn signer(&self) -> Arc<dyn HeadSigner> {
        Arc::new(Gated(self.clone()))
    }

    pub fn shut(&self) {
        *self.0.state.lock().unwrap() = State { shut: true, reached: false };
    }

    pub fn open(&self) {
        self.0.state.lock().unwrap().shut = false;
        self.0.changed.notify_all();
    }

    /// Until somebody stands before the shut gate.
    pub fn until_reached(&self) {
        let state = self.0.state.lock().unwrap();
        drop(self.0.changed.wait_while(state, |state| !state.reached).unwrap());
    }
}

impl HeadSigner for Gated {
    fn algorithm(&self) -> Algorithm {
        self.0.0.signer.algorithm()
    }

    fn verifier(&self, origin: &str) -> VerifierKey {
        self.0.0.signer.verifier(origin)
    }

    fn sign(&self, text: &[u8]) -> Result<Vec<u8>, SignFailed> {
        let gate = &self.0.0;
        let mut state = gate.state.lock().unwrap();
        state.reached = true;
        gate.changed.notify_all();
        drop(gate.changed.wait_while(state, |state| state.shut).unwrap());
        gate.signer.sign(text)
    }
}
