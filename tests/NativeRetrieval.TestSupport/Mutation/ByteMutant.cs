namespace NativeRetrieval.TestSupport.Mutation;

/// <summary>Damaged copies of a file, the same ones in every run.</summary>
public static class ByteMutant
{
    static readonly byte[] _interesting = [0, 1, 2, 3, 0x7F, 0x80, 0xFE, 0xFF];

    /// <summary>One to eight changed bytes, half of them in the first hundred; at times a cut, a doubled or a missing stretch.</summary>
    public static byte[] Of(byte[] seed, Random random)
    {
        byte[] mutant = [.. seed];
        for (int change = random.Next(1, 9); change > 0; change--)
        {
            int place = random.Next(random.Next(2) == 0 ? Math.Min(100, mutant.Length) : mutant.Length);
            mutant[place] = random.Next(2) == 0 ? _interesting[random.Next(_interesting.Length)] : (byte)random.Next(256);
        }
        int start = random.Next(mutant.Length), end = random.Next(start, mutant.Length);
        return random.Next(8) switch
        {
            0 => mutant[..start],
            1 => [.. mutant[..end], .. mutant[start..]],
            2 => [.. mutant[..start], .. mutant[end..]],
            _ => mutant,
        };
    }
}
