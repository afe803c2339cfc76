module github.com/pygrpc/pygrpc/bindings/go

go 1.24
