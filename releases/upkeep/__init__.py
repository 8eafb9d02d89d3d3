"""What keeps order when nobody asks: old containers retire, what died is finished."""
