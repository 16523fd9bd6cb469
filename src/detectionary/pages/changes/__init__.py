"""What ingests changed, as pages and as a feed."""
