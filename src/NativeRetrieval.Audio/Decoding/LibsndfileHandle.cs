using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace NativeRetrieval.Audio.Decoding;

/// <summary>An open SNDFILE. It keeps the source of its bytes alive as long as the library may call it.</summary>
internal sealed class LibsndfileHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    /// <summary>The handle by which the library knows the <see cref="LibsndfileSource"/>; freed behind the file.</summary>
    public GCHandle Source { get; set; }

    protected override bool ReleaseHandle()
    {
        bool closed = Libsndfile.Close(handle) == 0;
        if (Source.IsAllocated) Source.Free();
        return closed;
    }
}
