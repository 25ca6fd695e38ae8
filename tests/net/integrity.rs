//! Every byte comes back, whatever pieces and pauses it goes through. `cargo bench --bench integrity` does the same with
//! gigabytes.

use sockyard::model::Model;

use crate::driver;

/// Through each model.
const BYTES: u64 = 64 << 20;

#[test]
fn random_bytes_come_back_in_order_through_each_model() {
    for (seed, model) in (1..).zip(Model::ALL) {
        let sums = driver::embedded(model, BYTES, seed);
        assert_eq!((sums.bytes, sums.came), (BYTES, sums.sent), "{model}");
        assert_eq!(sums.received, Some(sums.sent), "{model}");
    }
}
