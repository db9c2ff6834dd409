"""What workers share by way of Redis (or Valkey), on however many machines they run."""
