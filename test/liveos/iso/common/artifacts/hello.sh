#!/bin/sh
echo "hello from the live image"
