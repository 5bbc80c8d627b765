#![allow(dead_code)]
//! synth
mod calendar;
mod catalog;
mod money;
mod names;
mod people;
mod person;
mod places;
mod rng;
mod lab;
mod record;
mod staff;
mod table;
mod visit;
