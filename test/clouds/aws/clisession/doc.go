// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package clisession proves the simulated AWS with a client that none of us wrote: Debian's AWS command
// line. It runs the sessions in testdata/session*.txt, each in parallel against a cloud of its own, and
// compares what the command line prints:
//
//	# A comment.
//	$ GROUP=$(aws ec2 create-security-group --group-name web --description web \
//	    --query GroupId --output text)
//	sg-1
//	$ aws ec2 delete-security-group --group-id sg-00000000
//	An error occurred (InvalidGroup.NotFound) when calling the DeleteSecurityGroup operation: …
//	[exit 254]
//	@ advance 30s
//
// A command is run by a shell and may go on after a backslash. What it prints, on both streams without
// empty lines, follows it up to the next empty line. NAME=$(…) also keeps it in a variable for the
// commands that follow. "@ advance" moves the cloud's clock, which stands still otherwise, and "@ lag"
// sets how far reads are behind. IDs are replaced by numbers in the order in which they first appear.
//
// The cloud has the network of a cluster called cli, as the account's default VPC, and three nodes. Their
// IDs are in the variables VPC, GATEWAY, PUBLIC_1 to PUBLIC_3, PRIVATE_1 to PRIVATE_3 (subnets),
// PUBLIC_TABLE, PRIVATE_TABLE, NODE_GROUP and NODE_1 to NODE_3; CERTIFICATE is the ARN of one. Instances
// take 10 s to start, stop and terminate, load balancers 60 s to get active, targets 20 s to get healthy, and
// interfaces of deleted load balancers 30 s to go.
//
// go test ./clouds/aws/clisession -update writes down what the command line prints now.
package clisession
