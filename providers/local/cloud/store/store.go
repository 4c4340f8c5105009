// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package store keeps the cloud's state in one bbolt file. Each call of Update is one transaction, on
// disk when it returns: a killed process leaves the state before or after it, never between.
package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"sigs.k8s.io/cloud-providers/providers/local/api"
)

var (
	machines      = bucket[api.Machine]{[]byte("machines")}
	loadBalancers = bucket[api.LoadBalancer]{[]byte("loadbalancers")}
	routes        = bucket[api.Route]{[]byte("routes")} // key: table, 0, destination
	machineNames  = []byte("machine-names")             // name → ID
)

// Store is the open file.
type Store struct{ db *bbolt.DB }

// Open opens or creates the file. It fails when another process has it open.
func Open(path string) (*Store, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: time.Second})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("the state file %s is in use by another local-cloud; stop it or choose another --data-dir", path)
	}
	if err != nil {
		return nil, fmt.Errorf("opening the state file %s: %w", path, err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, name := range [][]byte{machines.name, loadBalancers.name, routes.name, machineNames} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("preparing the state file %s: %w", path, err), db.Close())
	}
	return &Store{db: db}, nil
}

// Close closes the file after running transactions have ended.
func (s *Store) Close() error { return s.db.Close() }

// View runs a function that reads one consistent state.
func (s *Store) View(read func(Tx) error) error {
	return s.db.View(func(tx *bbolt.Tx) error { return read(Tx{tx}) })
}

// Update runs a function that changes the state; its error undoes everything. Updates run one at a time.
func (s *Store) Update(change func(Tx) error) error {
	return s.db.Update(func(tx *bbolt.Tx) error { return change(Tx{tx}) })
}

// Tx is a transaction. It is used only within the function that got it.
type Tx struct{ tx *bbolt.Tx }

type bucket[T any] struct{ name []byte }

func (b bucket[T]) get(tx Tx, key string) (T, bool, error) {
	var v T
	data := tx.tx.Bucket(b.name).Get([]byte(key))
	if data == nil {
		return v, false, nil
	}
	if err := json.Unmarshal(data, &v); err != nil {
		return v, false, fmt.Errorf("reading %s %s from the state file: %w", b.name, key, err)
	}
	return v, true, nil
}

func (b bucket[T]) put(tx Tx, key string, v T) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return tx.tx.Bucket(b.name).Put([]byte(key), data)
}

func (b bucket[T]) delete(tx Tx, key string) error { return tx.tx.Bucket(b.name).Delete([]byte(key)) }

// each calls visit for the entries from a key on, in the order of their keys, until it returns false.
func (b bucket[T]) each(tx Tx, from string, visit func(key string, v T) bool) error {
	c := tx.tx.Bucket(b.name).Cursor()
	for k, data := c.Seek([]byte(from)); k != nil; k, data = c.Next() {
		var v T
		if err := json.Unmarshal(data, &v); err != nil {
			return fmt.Errorf("reading %s %s from the state file: %w", b.name, k, err)
		}
		if !visit(string(k), v) {
			return nil
		}
	}
	return nil
}
