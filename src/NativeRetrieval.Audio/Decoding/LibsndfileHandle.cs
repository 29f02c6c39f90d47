using Microsoft.Win32.SafeHandles;

namespace NativeRetrieval.Audio.Decoding;

/// <summary>An open SNDFILE.</summary>
internal sealed class LibsndfileHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    protected override bool ReleaseHandle() => Libsndfile.Close(handle) == 0;
}
