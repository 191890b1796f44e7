// offering
