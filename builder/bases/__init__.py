"""The images that apps' images stand on."""
