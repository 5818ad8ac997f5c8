//! Tells the tests whether there is a kube-apiserver for them: without the program that brings one up, those that need it
//! are ignored, with the reason.

fn main() {
    println!("cargo::rustc-check-cfg=cfg(kube_apiserver)");
    println!("cargo::rerun-if-env-changed=BRAZIER_CLUSTER_BIN");
    if std::env::var_os("BRAZIER_CLUSTER_BIN").is_some() {
        println!("cargo::rustc-cfg=kube_apiserver");
    }
}
